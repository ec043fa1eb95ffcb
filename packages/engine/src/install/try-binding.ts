import { existsSync } from 'node:fs';
import { run } from './run.js';

/** The TensorFlow that a binding brings, or why it does not load. */
export type Trial = { readonly tensorflow: string } | { readonly problem: string };

/** Loads a binding, or our addon, in a process of its own: a library that does not fit this host may end the process it is loaded in. */
export async function tryBinding(binding: string): Promise<Trial> {
  if (!existsSync(binding)) return { problem: `there is no ${binding}` };
  const program =
    'const it = require(process.argv[1]); console.log(JSON.stringify(it.TF_Version ?? it.version()))';
  const ended = await run(process.execPath, ['-e', program, binding], {
    ...process.env,
    NODE_OPTIONS: '',
    TF_CPP_MIN_LOG_LEVEL: '3',
  });
  if (ended?.code === 0) return { tensorflow: JSON.parse(ended.stdout.trim().split('\n').at(-1)!) };
  if (ended?.signal) return { problem: `it ended the process with ${ended.signal}` };
  const [, reason] = /^(?:Error|TypeError): (.*)$/m.exec(ended?.stderr ?? '') ?? [];
  return { problem: reason ?? 'its process failed' };
}
