import { Block, type Trunk } from '@espalier/core';
import { activation, convolution, normalization } from './convolution.js';
import { type InvertedResidualOptions, invertedResidual } from './inverted-residual.js';

/** Blocks of one width, of which the first may have a stride. */
interface BlockGroup {
  readonly expansion: number;
  readonly channels: number;
  readonly blocks: number;
  readonly strides: number;
  readonly kernelSize: number;
}

export interface InvertedResidualNetwork extends Pick<InvertedResidualOptions, 'padding' | 'epsilon'> {
  readonly groups: readonly BlockGroup[];
}

const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;

/** A strided convolution, groups of inverted residual blocks, and a 1 × 1 convolution: a stage for every stride. */
export function invertedResidualNetwork({ groups, padding, epsilon }: InvertedResidualNetwork): Trunk {
  const stages = [
    [
      ...convolution(STEM_CHANNELS, { name: 'conv_stem', kernelSize: 3, strides: 2, padding }),
      normalization('bn1', epsilon),
      ...activation('relu6'),
    ],
  ];
  let inputs = STEM_CHANNELS;
  for (const [group, { channels, blocks, strides, ...options }] of groups.entries()) {
    const layers = Array.from({ length: blocks }, (_, index) =>
      invertedResidual({
        ...options,
        name: `blocks.${group}.${index}`,
        inputs: index === 0 ? inputs : channels,
        outputs: channels,
        strides: index === 0 ? strides : 1,
        padding,
        epsilon,
      }),
    );
    if (strides > 1) stages.push(layers);
    else stages[stages.length - 1].push(...layers);
    inputs = channels;
  }
  stages[stages.length - 1].push(
    ...convolution(HEAD_CHANNELS, { name: 'conv_head', kernelSize: 1 }),
    normalization('bn2', epsilon),
    ...activation('relu6'),
  );
  return stages.map((layers, index) => new Block(layers, { name: `stride${2 ** (index + 1)}` }));
}
