import type { Entries } from './entry.js';
import type { Program } from './program.js';

/**
 * Writes an entry as a SavedModel, for TensorFlow Serving and Python's `tf.saved_model.load`. It has the shapes of the
 * entry's last call that was traced, batch size included, the state as it is now, and the signatures
 * `serving_default` and the entry's name.
 *
 * @param folder Made where it is missing; a SavedModel that is there is replaced.
 * @throws ProgramError where the program is not traced, where the entry was never called, and where it changes state
 *   or draws random numbers.
 */
export function exportProgram<E extends Entries>(
  program: Program<E>,
  entry: keyof E & string,
  folder: string,
): void {
  const model = program.savedModel(entry);
  const { mkdirSync, renameSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  mkdirSync(join(folder, 'variables'), { recursive: true });
  const file = join(folder, 'saved_model.pb');
  writeFileSync(`${file}.part`, model);
  renameSync(`${file}.part`, file);
}
