/** What is in this workspace, and the pnpm that runs it. Needs nothing installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** The packages in `packages` or `examples`. */
export function members(parent, workspace = root) {
  const folder = join(workspace, parent);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .map((name) => ({ name, folder: `${parent}/${name}`, path: join(folder, name) }))
    .filter(({ path }) => existsSync(join(path, 'package.json')))
    .map((member) => ({ ...member, manifest: readJson(join(member.path, 'package.json')) }));
}

export const publicPackages = (workspace = root) =>
  members('packages', workspace).filter(({ manifest }) => !manifest.private);

/** The files that a package promises: what it exports, and its commands. */
export const outputs = ({ exports = {}, bin = {} }) => [
  ...Object.values(exports).map((target) => target.default),
  ...Object.values(bin),
];

/** The source of a file that a package promises. */
export const sourceOf = (output) => output.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts');

/** The sources of what the public packages export. */
export const publicSources = () =>
  publicPackages().flatMap(({ manifest, path }) =>
    outputs({ exports: manifest.exports }).map((output) => join(path, sourceOf(output))),
  );

/** Examples are programs; what they share lies beside them. */
export const examples = () =>
  members('examples').filter(({ manifest }) => outputs(manifest).includes('./dist/main.js'));

/** The pnpm that called this script; for a script that was started without one, npm's. */
const caller = process.env.npm_execpath ?? '';
export const pnpm = /pnpm\.c?js$/.test(caller) ? [process.execPath, caller] : ['npx', '--yes', 'pnpm@10'];

/** A command from node_modules/.bin. */
export const tool = (name, ...args) => [...pnpm, '--dir', root, 'exec', name, ...args];
