/** `pnpm build [filter...]`: every package, or those that turbo's filters name (`@espalier/core...`). */
import { main } from './lib/main.mjs';
import { build, install } from './lib/prepare.mjs';

await main(async () => {
  await install();
  await build(process.argv.slice(2));
  return 0;
});
