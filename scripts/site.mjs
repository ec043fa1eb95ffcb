/** `pnpm site`: the documentation site in docs/.vitepress/dist; `pnpm site --watch` serves it while pages are written. */
import { main, Refusal } from './lib/main.mjs';
import { install } from './lib/prepare.mjs';
import { attached } from './lib/run.mjs';
import { buildSite, writeReference } from './lib/site.mjs';
import { step } from './lib/step.mjs';
import { root, tool } from './lib/workspace.mjs';

const usage = `pnpm site            builds docs/.vitepress/dist, for any static host
pnpm site --watch    serves it, and follows the pages`;

await main(async () => {
  const [option, ...rest] = process.argv.slice(2);
  if (option === '--help') {
    console.log(usage);
    return 0;
  }
  if (rest.length > 0 || ![undefined, '--watch'].includes(option)) {
    throw new Refusal(`Unknown: ${[option, ...rest].join(' ')}\n\n${usage}`, 2);
  }
  await install();
  if (option === '--watch') {
    await step('reference', writeReference);
    return attached(tool('vitepress', 'dev', 'docs'), { cwd: root });
  }
  await step('site', buildSite);
  return 0;
});
