/** `pnpm example <name> [options]`: builds an example and runs it. */
import { describeExamples, runExample } from './lib/example.mjs';
import { main } from './lib/main.mjs';

const usage = `pnpm example <name> [options]

  --engine auto|native|wasm|cpu   where the arithmetic runs
  --epochs N                      how long to train
  --seed N                        which random numbers
  --out DIR                       where the run is written
  --resume DIR                    go on with the run in DIR
  --json FILE                     write the figures to FILE
  --quick                         a small run, under a minute
`;

await main(() => {
  const [name, ...args] = process.argv.slice(2);
  if (name !== undefined && name !== '--help') return runExample(name, args);
  console.log(`${usage}\n${describeExamples()}`);
  return 0;
});
