/** `pnpm figures [name...]`: measures and draws the figures of docs/figures, and the picture of the packages. */
import { drawArchitecture } from './lib/architecture.mjs';
import { runBuilt } from './lib/bench.mjs';
import { main } from './lib/main.mjs';
import { install } from './lib/prepare.mjs';
import { step } from './lib/step.mjs';

const packages = 'architecture';

await main(async () => {
  const args = process.argv.slice(2);
  const measured = args.filter((arg) => arg !== packages);
  if (args.length === 0 || args.includes(packages)) {
    await install();
    await step('picture of the packages', drawArchitecture);
  }
  if (args.length > 0 && measured.length === 0) return 0;
  return runBuilt('figures', measured);
});
