import type { Stage } from '@espalier/core';
import { TextPositions } from './text-positions.js';
import { TokenNorm } from './token-norm.js';
import { TransformerLayer } from './transformer-layer.js';

export interface TransformerEncoderOptions {
  /** How many layers there are. */
  readonly layers: number;
  /** How many attention heads share the channels; these come from the stage in front. */
  readonly heads: number;
  /** The width inside of the feed-forward parts. */
  readonly inner: number;
  /** From 0 to 1; 0 unless given. */
  readonly dropout?: number;
  /** How tokens know their place: by a learned vector for each of so many places, or by rotation, which sets no limit. */
  readonly positions: { readonly learned: number } | 'rotary';
}

/**
 * A Transformer encoder with the norm in front of each part, as stages behind an embedding: places if they are learned,
 * the layers, and the norm at the end.
 */
export function transformerEncoder({ layers, positions, ...options }: TransformerEncoderOptions): Stage[] {
  const isRotary = positions === 'rotary';
  return [
    ...(isRotary ? [] : [new TextPositions({ name: 'positions', longest: positions.learned })]),
    ...Array.from(
      { length: layers },
      (_, index) => new TransformerLayer({ name: `layer${index}`, ...options, rotary: isRotary }),
    ),
    new TokenNorm({ name: 'norm' }),
  ];
}
