import { vi } from 'vitest';
import { loadAddon } from '../src/addon.js';

/** What `run` gives TensorFlow of graphs, as text to look for names of operations in. */
export function graphsOf(run: () => void): string {
  const extend = vi.spyOn(loadAddon(), 'extend');
  try {
    run();
    return extend.mock.calls.map(([, graph]) => Buffer.from(graph).toString('latin1')).join('');
  } finally {
    extend.mockRestore();
  }
}
