/** Compiles simd/ to src/wasm/simd-modules.ts, or to another file: `node scripts/compile-simd.mjs [FILE]`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const folder = join(import.meta.dirname, '..');
const options = ['-O3', '--runtime', 'stub', '--enable', 'simd,bulk-memory', '--importMemory', '--noAssert'];

/** For a memory that one thread has, and for one that several share: a module names the kind that it imports. */
const kinds = {
  ofOneThread: [],
  ofSharedMemory: ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'],
};

/** @returns the bytes of a module, in base64. */
async function compile(kind) {
  let module;
  const { error, stderr } = await asc.main(
    ['simd/index.ts', '--outFile', 'module.wasm', ...options, ...kind],
    {
      readFile: (name) => (name.startsWith('simd/') ? readFileSync(join(folder, name), 'utf8') : null),
      writeFile: (_name, contents) => {
        module = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return Buffer.from(module).toString('base64');
}

const lines = ['// Made by scripts/compile-simd.mjs of the files in simd/: edit those.'];
for (const [name, kind] of Object.entries(kinds)) {
  lines.push('', `export const ${name} =`, `  '${await compile(kind)}';`);
}
const [file = join(folder, 'src/wasm/simd-modules.ts')] = process.argv.slice(2);
writeFileSync(file, `${lines.join('\n')}\n`);
