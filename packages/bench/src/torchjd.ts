import type { Contestant } from './in-turns.js';
import { startPeer } from './peer.js';
import { pythonWith, sourceOf } from './python.js';

/** TorchJD in a process of its own, on one thread. */
export interface TorchJd {
  readonly versions: Readonly<Record<string, string>>;
  /** One method on the Jacobians of one size. Only the last one that was asked for works. */
  contestant(method: string, jacobians: readonly (readonly (readonly number[])[])[]): Contestant;
  stop(): void;
}

/** @throws PeerError where there is no Python, or TorchJD cannot be installed or started. */
export async function startTorchJd(): Promise<TorchJd> {
  const python = await pythonWith('torchjd', 'torchjd[full]');
  const { versions, ask, stop } = await startPeer(python, [sourceOf('weights_by_torchjd.py')], {
    OMP_NUM_THREADS: '1',
    // A kernel that somebody chose for another OpenBLAS slows NumPy's own.
    OPENBLAS_CORETYPE: undefined,
    OPENBLAS_L2_SIZE: undefined,
  });
  return {
    versions,
    contestant(method, jacobians) {
      let matrices: typeof jacobians | undefined = jacobians;
      return async (ms) => {
        const request = { method, jacobians: matrices, ms };
        matrices = undefined;
        return Number((await ask(request)).ms);
      };
    },
    stop,
  };
}
