/** Tells a training to stop, for as long as it is not disposed of. */
export interface Interruption {
  /** For `fit`. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** One press may arrive twice: from the terminal, and handed on by the process that started this one. */
const SAME_PRESS_MS = 300;

/**
 * The first Ctrl-C, or SIGTERM, has the training finish its step and save; a second one leaves at once.
 *
 * @param say told what happens, in a sentence; standard error unless given.
 */
export function stopOnInterrupt(say: (sentence: string) => void = console.error): Interruption {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first > SAME_PRESS_MS) process.exit(130);
      return;
    }
    first = performance.now();
    say('Finishing this step and saving. Once more leaves at once.');
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    dispose() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
