import { describeShape } from '@espalier/core';
import type { TrainingSnapshot } from './checkpoint.js';

const SHOWN = 8;

interface Described extends Pick<TrainingSnapshot, 'architecture' | 'weighting' | 'aggregator'> {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
}

/** In what a checkpoint differs from the training that it should go on in, for people; empty where it fits. */
export function differences(saved: TrainingSnapshot, own: Described): string {
  const [there, here] = [describe(saved), describe(own)];
  const found = [...new Set([...there.keys(), ...here.keys()])].filter(
    (part) => there.get(part) !== here.get(part),
  );
  const shown = found
    .slice(0, SHOWN)
    .map(
      (part) => `${part} is ${there.get(part) ?? 'missing'} there and ${here.get(part) ?? 'missing'} here`,
    );
  return [...shown, ...(found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : [])].join('; ');
}

function describe({ architecture, weighting, aggregator, tensors }: Described): Map<string, string> {
  const { heads, ...rest } = architecture;
  return new Map([
    ...Object.entries(rest).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
    ...Object.entries(heads).map(([task, kind]): [string, string] => [`head of task "${task}"`, kind]),
    ['weighting', weighting],
    ['aggregator', aggregator],
    ...[...tensors].map(([name, { shape }]): [string, string] => [name, describeShape(shape)]),
  ]);
}
