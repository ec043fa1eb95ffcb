/** `pnpm bench <name> [options]`: builds a measurement and runs it. */
import { describeBenches, runBench } from './lib/bench.mjs';
import { main } from './lib/main.mjs';

const usage = `pnpm bench <name> [options]

  --peers      measure what others made beside it
  --json FILE  write the figures to FILE
  --help       the other options of that one
`;

await main(() => {
  const [name, ...args] = process.argv.slice(2);
  if (name !== undefined && name !== '--help') return runBench(name, args);
  console.log(`${usage}\n${describeBenches()}`);
  return 0;
});
