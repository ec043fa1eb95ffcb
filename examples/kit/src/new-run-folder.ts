import { join } from 'node:path';

/** Where a run is written that was given no folder: one of its own in `runs`, named after the time. */
export function newRunFolder(): string {
  return join('runs', new Date().toISOString().replaceAll(':', '-').slice(0, 19));
}
