import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Choices } from './choices.js';
import { CreateError } from './errors.js';
import { kindInWords, manifest, type Tarballs } from './manifest.js';
import { type Names, namesOf } from './names.js';
import { readmeWords } from './readme-words.js';

const template = fileURLToPath(new URL('../template', import.meta.url));

/**
 * Makes the package of a new head. It is written beside the folder and then renamed: there is all of it or nothing.
 *
 * @param tarballFolder where packed packages of espalier are, which are then copied into the new package; without
 *   one they come from the registry.
 * @throws CreateError when the folder cannot be made, is not empty, or has a name that no package can have.
 */
export function createHead(choices: Choices, tarballFolder?: string): void {
  const folder = resolve(choices.folder);
  const names = namesOf(folder);
  checkFree(folder);
  const beside = makeBeside(folder);
  try {
    for (const part of parts(choices)) copyPart(join(template, part), beside, names, choices);
    const tarballs: Tarballs = tarballFolder === undefined ? new Map() : copyTarballs(tarballFolder, beside);
    writeFileSync(
      join(beside, 'package.json'),
      `${JSON.stringify(manifest(choices, names, tarballs), null, 2)}\n`,
    );
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(beside, folder);
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true });
    throw cause;
  }
}

/** @throws CreateError when the system does not let it. */
function makeBeside(folder: string): string {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    return mkdtempSync(`${folder}-`);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new CreateError(`${folder} cannot be made: ${cause.message}. Give another folder.`, { cause });
  }
}

/** The folders of the template that make up a package, each laid over the ones before. */
function parts({ domain, kind }: Choices): string[] {
  return ['common', `kind/${kind}`, `domain/${domain}`, `demo/${domain}-${kind}`];
}

/** @throws CreateError */
export function checkFree(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) {
    throw new CreateError(`${folder} is a file. Give the name of a folder that is not there yet.`);
  }
  const found = readdirSync(folder);
  if (found.length === 0) return;
  const some = found.slice(0, 3).join(', ');
  throw new CreateError(
    `${folder} is not empty: it has ${some}${found.length > 3 ? ' and more' : ''}. Give another folder; nothing was written.`,
  );
}

function copyPart(from: string, to: string, names: Names, choices: Choices): void {
  for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(from, path)).isDirectory()) continue;
    const target = join(to, renamed(path, names));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, filled(readFileSync(join(from, path), 'utf8'), names, choices));
  }
}

/** Packing leaves `.gitignore` out, and takes any `LICENSE` for the package's own: the template's have other names. */
function renamed(path: string, names: Names): string {
  return path
    .replace('example-head', names.package)
    .replace(/^gitignore$/, '.gitignore')
    .replace(/^apache-2\.0\.txt$/, 'LICENSE');
}

function filled(text: string, names: Names, choices: Choices): string {
  const words: Readonly<Record<string, string>> = {
    name: names.package,
    what: kindInWords[choices.kind],
    ...readmeWords(choices),
  };
  return text
    .replaceAll('example-head', names.package)
    .replaceAll('exampleHead', names.factory)
    .replaceAll('ExampleHead', names.type)
    .replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => words[key]);
}

function copyTarballs(from: string, to: string): Tarballs {
  const isFolder = existsSync(from) && statSync(from).isDirectory();
  const files = isFolder ? readdirSync(from).filter((file) => file.endsWith('.tgz')) : [];
  if (files.length === 0) {
    throw new CreateError(`--tarballs ${from} has no .tgz file; expected those that \`pnpm pack\` writes.`);
  }
  mkdirSync(join(to, 'vendor'));
  return new Map(
    files.flatMap((file) => {
      const [, name, version] = /^espalier-(.+)-(\d+\.\d+\.\d+.*)\.tgz$/.exec(file) ?? [];
      if (name === undefined) return [];
      cpSync(join(from, file), join(to, 'vendor', file));
      return [[`@espalier/${name}`, { path: `vendor/${file}`, version }] as const];
    }),
  );
}
