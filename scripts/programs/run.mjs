/** Runs programs one after another, on the WASM engine, and says which of them failed. For lib/readmes.mjs. */
import { pathToFileURL } from 'node:url';
import * as engine from '../../packages/engine/dist/index.js';

const failed = [];
for (const { title, program } of JSON.parse(process.argv[2])) {
  await engine.use('wasm');
  try {
    await import(pathToFileURL(program).href);
  } catch (error) {
    failed.push(
      `${title}: ${String(error.stack ?? error)
        .split('\n')
        .slice(0, 4)
        .join('\n')}`,
    );
  }
}
if (failed.length > 0) {
  console.error(failed.join('\n'));
  process.exit(1);
}
process.exit(0);
