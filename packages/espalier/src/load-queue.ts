import { CommandError } from './errors.js';

/** The queue, which needs packages that only those install who use it. */
export async function loadQueue() {
  try {
    return await import('@espalier/trainer/queue');
  } catch (cause) {
    const missing = cause instanceof Error && /Cannot find package '(bullmq|ioredis)'/.exec(cause.message);
    if (!missing) throw cause;
    throw new CommandError(
      `A queue needs the package ${missing[1]}. Install both: npm install bullmq ioredis`,
      { cause },
    );
  }
}
