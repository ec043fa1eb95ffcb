import { findAddon, loadAddon } from '../addon.js';
import { findInstalled } from '../cache.js';
import { findNative } from '../native.js';
import { installCommand, tfjs } from '../versions.js';
import type { NativeBackend } from './binding.js';
import { RuntimeSession } from './runtime-session.js';
import type { GraphNode } from './saved-model.js';
import type { Session } from './session.js';
import { StockSession } from './stock-session.js';

/**
 * A session for a graph: of our addon, or where native TensorFlow is not what `espalier-engine install` has brought, of
 * tfjs-node's own binding.
 *
 * @param what For errors.
 */
export function openSession(what: string, backend: NativeBackend, nodes: readonly GraphNode[]): Session {
  return hasAddon()
    ? new RuntimeSession(loadAddon(), backend, nodes)
    : new StockSession(what, backend, nodes);
}

let known: boolean | undefined;

/** Whether the addon belongs to the TensorFlow that is loaded: two of them in one process would not know each other. */
function hasAddon(): boolean {
  known ??= isBeside();
  return known;
}

function isBeside(): boolean {
  if (findNative().binding !== findInstalled(tfjs)?.binding) return false;
  if (findAddon() !== undefined) return true;
  process.emitWarning(
    `what is installed of native TensorFlow lacks this version's addon, and steps are slower without. Run \`${installCommand}\`: ` +
      'it completes what is there.',
    { type: 'EspalierWarning' },
  );
  return false;
}
