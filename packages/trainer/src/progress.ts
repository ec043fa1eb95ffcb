import type { Heads } from '@espalier/core';
import { type Options, SingleBar } from 'cli-progress';
import type { StepRecord } from './step-records.js';

/** Shows how far a training is. */
export interface Progress<H extends Heads = Heads> {
  /** Call it after every step, for example as `onStep` of `fit`. */
  step(record: StepRecord<H>): void;
  /** Call it when the training has ended, in errors too. */
  end(): void;
}

/**
 * On a terminal a bar with the tasks' losses, the rate and the time left; elsewhere one line an epoch.
 *
 * @param name what is being trained.
 */
export function consoleProgress<H extends Heads>(
  name: string,
  stream: NodeJS.WriteStream = process.stderr,
): Progress<H> {
  return stream.isTTY ? barProgress(name, stream) : lineProgress(name, stream);
}

function barProgress<H extends Heads>(name: string, stream: NodeJS.WriteStream): Progress<H> {
  const options: Options = {
    stream,
    format: `${name} {bar} {value}/{total} steps · {rate} steps/s · {eta_formatted} left · {losses}`,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
    hideCursor: true,
    etaBuffer: 50,
  };
  const bar = new SingleBar(options);
  const means = runningMeans();
  let started = 0;
  return {
    step({ step, steps, losses }) {
      if (started === 0) {
        started = performance.now();
        bar.start(steps, 0, { rate: '…', losses: '' });
      }
      means.add(losses);
      const rate = ((step * 1000) / (performance.now() - started)).toFixed(1);
      bar.update(step, { rate, losses: means.text() });
    },
    end() {
      if (started > 0) bar.stop();
    },
  };
}

function lineProgress<H extends Heads>(name: string, stream: NodeJS.WriteStream): Progress<H> {
  const means = runningMeans();
  const started = performance.now();
  let epochSteps = 0;
  return {
    step({ step, steps, epoch, epochs, losses }) {
      means.add(losses);
      epochSteps++;
      if (step !== Math.round((epoch * steps) / epochs)) return;
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      stream.write(
        `${name}: epoch ${epoch} of ${epochs}, ${epochSteps} steps, ${seconds} s, ${means.text()}\n`,
      );
      epochSteps = 0;
    },
    end() {},
  };
}

/** The mean loss of every task over its last 20 steps or so. */
function runningMeans() {
  const means = new Map<string, number>();
  return {
    add(losses: Readonly<Record<string, number | undefined>>) {
      for (const [task, loss] of Object.entries(losses)) {
        if (loss === undefined) continue;
        const mean = means.get(task);
        means.set(task, mean === undefined ? loss : 0.95 * mean + 0.05 * loss);
      }
    },
    text: () => [...means].map(([task, mean]) => `${task} ${mean.toFixed(3)}`).join(' · '),
  };
}
