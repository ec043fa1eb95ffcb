/** `pnpm start`: from a bare clone to the digits example's report, on the engine that npm alone brings. */
import { runExample } from './lib/example.mjs';
import { main } from './lib/main.mjs';

await main(() => runExample('digits', ['--engine', 'wasm', ...process.argv.slice(2)]));
