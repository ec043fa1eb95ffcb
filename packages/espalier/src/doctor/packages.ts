import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A package as it lies on the disk. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** The packages that a program in a folder could have, links followed, each copy once. */
export function installedPackages(folder: string, wanted: (name: string) => boolean): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  for (let place = resolve(folder); ; place = dirname(place)) {
    search(join(place, 'node_modules'), wanted, found);
    if (place === dirname(place)) break;
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Looks through a node_modules folder, and through those inside of it; pnpm keeps all in its `.pnpm`. */
function search(
  modules: string,
  wanted: (name: string) => boolean,
  found: Map<string, InstalledPackage>,
): void {
  for (const name of packageNames(modules)) {
    const folder = join(modules, name);
    if (wanted(name)) add(name, folder, found);
    // What a link leads to is looked through where it lies.
    const nested = join(folder, 'node_modules');
    if (existsSync(nested) && realpathSync(folder) === join(realpathSync(modules), name))
      search(nested, wanted, found);
  }
  const store = join(modules, '.pnpm');
  if (!existsSync(store)) return;
  for (const name of readdirSync(store)) search(join(store, name, 'node_modules'), wanted, found);
}

function packageNames(modules: string): string[] {
  if (!existsSync(modules) || !statSync(modules).isDirectory()) return [];
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name];
  });
}

function add(name: string, place: string, found: Map<string, InstalledPackage>): void {
  const manifest = join(place, 'package.json');
  if (!existsSync(manifest)) return;
  const folder = realpathSync(place);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  found.set(folder, { name, version: String(version), folder });
}
