import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What code an experiment runs: a checksum for each of its modules, and a version for each package, by their names. */
export type Code = Readonly<Record<string, string>>;

/** `from '…'`, `import '…'` and `import('…')`. What only looks like one counts too: then more has to be the same. */
const IMPORTED = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

/**
 * The module of an experiment and those that it imports by a path, read as text: one whose path is put together while it
 * runs is not found. Then the packages that these import by name, and those of espalier.
 */
export function codeOf(file: string): Code {
  const modules = new Map<string, string>();
  const packages = new Map<string, string>();
  const visit = (module: string) => {
    const name = relative(dirname(file), module).replaceAll('\\', '/');
    if (modules.has(name)) return;
    const text = readFileSync(module, 'utf8');
    modules.set(name, createHash('sha256').update(text).digest('hex').slice(0, 12));
    for (const [, , imported] of text.matchAll(IMPORTED)) {
      if (imported.startsWith('.')) {
        const found = findModule(resolve(dirname(module), imported));
        if (found !== undefined) visit(found);
      } else if (!imported.startsWith('node:')) {
        const name = /^(@[^/]+\/)?[^/]+/.exec(imported)?.[0] ?? imported;
        packages.set(name, versionOf(name, module) ?? 'not installed');
      }
    }
  };
  visit(file);
  const here = fileURLToPath(import.meta.url);
  for (const name of ownPackages(here)) packages.set(name, versionOf(name, here) ?? 'not installed');
  return Object.fromEntries([...modules, ...packages]);
}

/** As TypeScript and its loaders find it: ./model.js may be ./model.ts. */
function findModule(path: string): string | undefined {
  const candidates = [
    path,
    path.replace(/js$/, 'ts'),
    ...['.ts', '.js', '/index.ts', '/index.js'].map((end) => path + end),
  ];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

function ownPackages(from: string): string[] {
  const manifest = findUpwards(dirname(from), 'package.json');
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(manifest!, 'utf8'));
  return Object.keys({ ...dependencies, ...peerDependencies }).filter((name) =>
    /^@(espalier|tensorflow)\//.test(name),
  );
}

function versionOf(name: string, from: string): string | undefined {
  const manifest = findUpwards(dirname(from), join('node_modules', name, 'package.json'));
  return manifest && JSON.parse(readFileSync(manifest, 'utf8')).version;
}

function findUpwards(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : findUpwards(parent, path);
}
