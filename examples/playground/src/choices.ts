import type { Sharing } from '@espalier/core';
import {
  type Aggregator,
  caGrad,
  dwa,
  geometricMean,
  imtlL,
  mgda,
  pcGrad,
  sum,
  uncertaintyRevised,
  upGrad,
  type Weighting,
} from '@espalier/losses';
import { crossStitch, hardSharing, mmoe, softSharing } from '@espalier/sharing';

interface Choice<Value> {
  readonly name: string;
  readonly about: string;
  readonly make: () => Value;
}

export const sharings = {
  hard: {
    name: 'Hard sharing',
    about: 'One trunk for both; only the heads are their own.',
    make: hardSharing,
  },
  soft: {
    name: 'Soft sharing',
    about: 'A trunk each, kept alike by a penalty on their distance.',
    make: () => softSharing({ penalty: 'squared-distance', weight: 1e-3 }),
  },
  crossStitch: {
    name: 'Cross-stitch',
    about: 'A trunk each; learned factors mix their features behind every layer.',
    make: () => crossStitch(),
  },
  mmoe: {
    name: 'MMoE, three experts',
    about: 'Three trunks; each task has a gate that chooses among them, point by point.',
    make: () => mmoe({ experts: 3 }),
  },
} satisfies Record<string, Choice<Sharing>>;

export const weightings = {
  sum: { name: 'Sum', about: 'The losses are added.', make: sum },
  uncertainty: {
    name: 'Uncertainty',
    about: 'Each loss is divided by a learned variance.',
    make: uncertaintyRevised,
  },
  dwa: { name: 'DWA', about: 'The task that slows down counts more.', make: () => dwa() },
  imtlL: { name: 'IMTL-L', about: 'Learned scales bring both losses to one size.', make: imtlL },
  geometricMean: { name: 'Geometric mean', about: 'The product of the losses falls.', make: geometricMean },
} satisfies Record<string, Choice<Weighting>>;

export const aggregators = {
  none: {
    name: 'None: the gradient of the joint loss',
    about: 'The gradients are added.',
    make: () => undefined,
  },
  pcGrad: {
    name: 'PCGrad',
    about: 'Of a gradient that conflicts with the other, the conflicting part is taken away.',
    make: pcGrad,
  },
  upGrad: {
    name: 'UPGrad',
    about: 'Each gradient is projected so that it conflicts with none.',
    make: upGrad,
  },
  mgda: { name: 'MGDA', about: 'The shortest mixture: the worst-off task improves most.', make: mgda },
  caGrad: {
    name: 'CAGrad',
    about: 'Near the mean, but better for the worst-off task.',
    make: () => caGrad(),
  },
} satisfies Record<string, Choice<Aggregator | undefined>>;
