import { addonBeside } from '../addon.js';
import { findNative } from '../native.js';
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
  const addon = addonBeside(findNative().binding);
  return addon === undefined
    ? new StockSession(what, backend, nodes)
    : new RuntimeSession(addon, backend, nodes);
}
