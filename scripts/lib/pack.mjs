/** A package as the registry would hand it out. */
import { quietly } from './run.mjs';
import { pnpm } from './workspace.mjs';

/** Packs into `folder` and gives the tarball's path. pnpm puts the workspace's LICENSE in by itself. */
export async function pack(member, folder) {
  const command = [...pnpm, 'pack', '--json', '--pack-destination', folder];
  return JSON.parse(await quietly(command, { cwd: member.path })).filename;
}

/** The paths that a tarball holds. */
export async function contents(tarball) {
  const listing = await quietly(['tar', '-tzf', tarball]);
  return listing
    .trim()
    .split('\n')
    .map((path) => path.replace('package/', ''));
}
