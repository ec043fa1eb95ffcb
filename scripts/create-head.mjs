/** `pnpm create-head DIR [options]`: makes a head against this workspace's packages, packed as for the registry. */
import { join } from 'node:path';
import { main } from './lib/main.mjs';
import { pack } from './lib/pack.mjs';
import { build, install } from './lib/prepare.mjs';
import { attached } from './lib/run.mjs';
import { step } from './lib/step.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { publicPackages, readJson, root } from './lib/workspace.mjs';

const generator = join(root, 'packages/create-head');

/** The packages of ours that a new head is developed with. */
const wanted = Object.keys(readJson(join(generator, 'package.json')).devDependencies).filter((name) =>
  name.startsWith('@espalier/'),
);

await main(async () => {
  const args = process.argv.slice(2).filter((arg, index) => index > 0 || arg !== '--');
  await install();
  await build(['create-espalier-head', ...wanted]);
  const folder = temporaryFolder();
  if (!args.includes('--help')) {
    await step('pack packages', () =>
      Promise.all(
        publicPackages()
          .filter(({ manifest }) => wanted.includes(manifest.name))
          .map((member) => pack(member, folder)),
      ),
    );
  }
  return attached([process.execPath, join(generator, 'dist/cli.js'), ...args, '--tarballs', folder], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
});
