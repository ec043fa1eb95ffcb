/**
 * The TypeScript programs in READMEs and in docs/: compiled against the sources, and run against what was built.
 *
 * A comment behind a program, which no reader of the page sees, goes on with it: `<!-- run` and more lines of it, which
 * may import a small problem from './tiny.js' (scripts/programs/tiny.ts). `<!-- not run: why -->` is for those that need
 * what is not here.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietly } from './run.mjs';
import { temporaryFolder } from './temporary.mjs';
import { publicPackages, root, tool } from './workspace.mjs';

const programs = fileURLToPath(new URL('../programs/', import.meta.url));

/** What every page may use that is no package's: what the digits example depends on, which is all. */
const everything = join(root, 'examples/digits');

/** The programs in a page, each with what goes on behind it. */
export function programsIn(text) {
  const found = text.matchAll(/^```ts\n(.*?)^```\n(?:\s*<!-- run\n(.*?)^-->|\s*<!-- not run: (.*?) -->)?/gms);
  return [...found].map(([, program, rest, reason]) => ({
    source: rest === undefined ? program : `${program}\n${rest}`,
    reason,
  }));
}

/** The pages that people wrote: the reference is made from the sources. */
const pages = () =>
  readdirSync(join(root, 'docs'), { recursive: true }).filter(
    (name) => name.endsWith('.md') && !name.startsWith('reference'),
  );

/** A package's README can use what the package depends on. */
const documents = () =>
  [
    ...publicPackages().map(({ path }) => ({ file: join(path, 'README.md'), dependencies: path })),
    ...['README.md', ...pages().map((name) => join('docs', name))].map((name) => ({
      file: join(root, name),
      dependencies: everything,
    })),
  ].filter(({ file }) => existsSync(file));

/** Puts every program where it finds what it depends on, and takes them away after the work. */
async function withPrograms(work) {
  const folders = new Set();
  const folderIn = (dependencies) => {
    const folder = join(dependencies, '.readme');
    if (folders.has(folder)) return folder;
    mkdirSync(folder, { recursive: true });
    folders.add(folder);
    return folder;
  };
  const shared = folderIn(everything);
  copyFileSync(join(programs, 'tiny.ts'), join(shared, 'tiny.ts'));
  const found = [];
  for (const { file, dependencies } of documents()) {
    const folder = folderIn(dependencies);
    if (folder !== shared) {
      writeFileSync(join(folder, 'tiny.ts'), `export * from '${relative(folder, shared)}/tiny.js';\n`);
    }
    for (const [index, { source, reason }] of programsIn(readFileSync(file, 'utf8')).entries()) {
      const program = join(folder, `${found.length + 1}.ts`);
      writeFileSync(program, source);
      found.push({ program, reason, title: `${relative(root, file)}, program ${index + 1}` });
    }
  }
  try {
    return await work(found, [...folders]);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}

/** Compiles every program, also those that are not run. */
export const compileReadmes = () =>
  withPrograms(async (found) => {
    const settings = join(root, 'node_modules/.readmes.tsconfig.json');
    const files = found.map(({ program }) => program);
    const include = ['../packages/*/src/**/*.d.ts'];
    const tsBuildInfoFile = '.cache/readmes.tsbuildinfo';
    writeFileSync(
      settings,
      JSON.stringify({ extends: '../tsconfig.json', compilerOptions: { tsBuildInfoFile }, include, files }),
    );
    try {
      await quietly(tool('tsc', '--noEmit', '--project', settings));
    } finally {
      rmSync(settings);
    }
  });

/** Runs every program on the WASM engine, in a folder of its own that is empty. The packages have to be built. */
export const runReadmes = () =>
  withPrograms(async (found, folders) => {
    const { default: ts } = await import('typescript');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    for (const folder of folders) {
      for (const name of readdirSync(folder)) {
        const { outputText } = ts.transpileModule(readFileSync(join(folder, name), 'utf8'), {
          compilerOptions: options,
        });
        writeFileSync(
          join(folder, name.replace(/\.ts$/, '.mjs')),
          outputText.replaceAll('/tiny.js', '/tiny.mjs'),
        );
      }
    }
    const run = found
      .filter(({ reason }) => reason === undefined)
      .map(({ program, title }) => ({ title, program: program.replace(/\.ts$/, '.mjs') }));
    await quietly([process.execPath, join(programs, 'run.mjs'), JSON.stringify(run)], {
      cwd: temporaryFolder(),
    });
  });
