import { Block, EspalierError, type Trunk } from '@espalier/core';
import { convolutionUnit } from './convolution.js';

export interface SmallCnnOptions {
  /** The channels of every stage; each halves height and width. */
  readonly channels?: readonly number[];
}

/**
 * A small convolutional network for small pictures: every stage is two 3 × 3 convolutions with batch normalization
 * and ReLU, the first with stride 2.
 */
export function smallCnn({ channels = [16, 32, 64] }: SmallCnnOptions = {}): Trunk {
  if (channels.length === 0)
    throw new EspalierError('smallCnn: `channels` is empty; give at least one stage.');
  return channels.map((filters, index) => {
    const name = `stage${index}`;
    return new Block([convolutionUnit(filters, `${name}/0`, 2), convolutionUnit(filters, `${name}/1`)], {
      name,
    });
  });
}
