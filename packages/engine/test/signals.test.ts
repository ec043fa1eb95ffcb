import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import { loadAddon } from '../src/addon.js';
import * as engine from '../src/index.js';
import { isNativeInstalled } from './native-installed.js';

const isNative = await isNativeInstalled();
if (isNative) await engine.use('native');

const INTERRUPT = 2;
const SEGMENTATION_FAULT = 11;

/** The signals that a thread does not take (proc_pid_status(5)). */
function blocked(thread: string | number): (signal: number) => boolean {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
  const mask = BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status)![1]}`);
  return (signal) => (mask & (1n << BigInt(signal - 1))) !== 0n;
}

// While oneDNN multiplies matrices, the handler of a signal may write into the heap: uxlfoundation/oneDNN#4845.
describe.skipIf(!isNative || process.platform !== 'linux')('signals', () => {
  test('do not keep oneDNN from being used', () => {
    expect(process.env.TF_ENABLE_ONEDNN_OPTS).toBe(process.arch === 'x64' ? '1' : undefined);
  });

  test('wait while an operation computes on the thread of JavaScript', () => {
    const undisturbed = vi.spyOn(loadAddon(), 'undisturbed');
    const product = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync());
    expect([...product]).toEqual([3, 3, 3, 3]);
    expect(undisturbed.mock.calls.map(([, name]) => name)).toContain('BatchMatMulV2');
    undisturbed.mockRestore();
  });

  test('are taken again after it, also where it threw', () => {
    // Of this thread: vitest may run tests in one that is not the process's first.
    const here = () => blocked(readFileSync('/proc/thread-self/stat', 'utf8').split(' ', 1)[0]!);
    const inside = loadAddon().undisturbed(here);
    expect([inside(INTERRUPT), inside(SEGMENTATION_FAULT)]).toEqual([true, false]);
    expect(here()(INTERRUPT)).toBe(false);
    expect(() =>
      loadAddon().undisturbed((why: string) => {
        throw new RangeError(why);
      }, 'on purpose'),
    ).toThrow(new RangeError('on purpose'));
    expect(here()(INTERRUPT)).toBe(false);
  });

  test('are never taken by the threads of TensorFlow', () => {
    const sum = tf.variable(tf.ones([64, 64]));
    const program = engine.program({
      state: [sum],
      entries: {
        grow({ x }: { x: tf.Tensor2D }) {
          sum.assign(tf.matMul(sum, x));
          return {};
        },
      },
    });
    program.entries.grow({ x: tf.ones([64, 64]) });
    program.sync();
    program.dispose();
    const threads = readdirSync('/proc/self/task').map(
      (thread) => [readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(), thread] as const,
    );
    const own = threads.filter(([name]) => name.startsWith('tf_'));
    expect(own.map(([name]) => name)).toContain('tf_Compute');
    for (const [name, thread] of own) expect([name, blocked(thread)(INTERRUPT)]).toEqual([name, true]);
  });
});
