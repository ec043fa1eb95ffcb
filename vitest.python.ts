import { execFileSync } from 'node:child_process';

const script = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("tensorflow") is None)';

/**
 * A Python that has TensorFlow; ESPALIER_PYTHON names one. Without any, it says what is not tested.
 *
 * @param what is tested in Python.
 */
export function pythonWithTensorFlow(what: string): string | undefined {
  const python = [process.env.ESPALIER_PYTHON, 'python3', 'python']
    .filter((name) => name !== undefined)
    .find((name) => {
      try {
        execFileSync(name, ['-c', script]);
        return true;
      } catch {
        return false;
      }
    });
  if (python === undefined)
    console.warn(`${what} is not tested in Python: it has no TensorFlow (ESPALIER_PYTHON names one)`);
  return python;
}
