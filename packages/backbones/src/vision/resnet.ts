import { Block, block, type Trunk } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { activation, convolution, normalization, zeros } from './convolution.js';
import { residual } from './residual.js';

/**
 * Whose ResNet it is, which decides what weights fit. `torchvision` (and timm): the stride of a bottleneck is at its
 * 3 × 3 convolution ("v1.5"), and convolutions have no bias. `keras`: the stride is at its first 1 × 1 convolution, as
 * in the paper, and convolutions have a bias.
 */
export type ResNetVariant = 'torchvision' | 'keras';

export interface ResNet50Options {
  readonly variant?: ResNetVariant;
}

/**
 * ResNet-18 without its top: five stages of strides 2, 4, 8, 16 and 32, the last of 512 channels. The pooling in
 * front of the residual blocks belongs to the second stage.
 *
 * K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1.
 */
export function resnet18(): Trunk {
  return resnet(basicBlock, [2, 2, 2, 2], 'torchvision');
}

/** ResNet-34 without its top; its stages are as ResNet-18's, and deeper. */
export function resnet34(): Trunk {
  return resnet(basicBlock, [3, 4, 6, 3], 'torchvision');
}

/** ResNet-50 without its top: stages of the strides of ResNet-18's, the last of 2048 channels. */
export function resnet50({ variant = 'torchvision' }: ResNet50Options = {}): Trunk {
  return resnet(bottleneckBlock, [3, 4, 6, 3], variant);
}

interface BlockPlace {
  readonly name: string;
  /** The channels of the block's inner convolutions. */
  readonly width: number;
  readonly stride: number;
  /** Whether the shortcut needs a convolution, since the block changes the features' shape. */
  readonly changesShape: boolean;
  readonly variant: ResNetVariant;
}

const WIDTH = 64;

function resnet(
  makeBlock: (place: BlockPlace) => tfl.layers.Layer,
  depths: readonly number[],
  variant: ResNetVariant,
): Trunk {
  const stem = new Block([...normalized(WIDTH, 'conv1', 'bn1', 7, 2, variant), ...activation('relu')], {
    name: 'stem',
  });
  const stages = depths.map((depth, stage) => {
    const name = `layer${stage + 1}`;
    const blocks = Array.from({ length: depth }, (_, index) => {
      const first = index === 0;
      return makeBlock({
        name: `${name}.${index}`,
        width: WIDTH * 2 ** stage,
        stride: first && stage > 0 ? 2 : 1,
        // A basic block of the first stage gets as many channels as it gives.
        changesShape: first && (stage > 0 || makeBlock === bottleneckBlock),
        variant,
      });
    });
    const pooling = stage === 0 ? [zeros(1), tfl.layers.maxPooling2d({ poolSize: 3, strides: 2 })] : [];
    return new Block([...pooling, ...blocks], { name });
  });
  return [stem, ...stages];
}

function basicBlock({ name, width, stride, changesShape, variant }: BlockPlace): tfl.layers.Layer {
  const main = block(
    ...normalized(width, `${name}.conv1`, `${name}.bn1`, 3, stride, variant),
    ...activation('relu'),
    ...normalized(width, `${name}.conv2`, `${name}.bn2`, 3, 1, variant),
  );
  return block(residual(main, shortcut(name, width, stride, changesShape, variant)), ...activation('relu'));
}

function bottleneckBlock({ name, width, stride, changesShape, variant }: BlockPlace): tfl.layers.Layer {
  const [first, second] = variant === 'keras' ? [stride, 1] : [1, stride];
  const main = block(
    ...normalized(width, `${name}.conv1`, `${name}.bn1`, 1, first, variant),
    ...activation('relu'),
    ...normalized(width, `${name}.conv2`, `${name}.bn2`, 3, second, variant),
    ...activation('relu'),
    ...normalized(4 * width, `${name}.conv3`, `${name}.bn3`, 1, 1, variant),
  );
  return block(
    residual(main, shortcut(name, 4 * width, stride, changesShape, variant)),
    ...activation('relu'),
  );
}

function shortcut(
  name: string,
  filters: number,
  stride: number,
  changesShape: boolean,
  variant: ResNetVariant,
) {
  if (!changesShape) return undefined;
  return block(...normalized(filters, `${name}.downsample.0`, `${name}.downsample.1`, 1, stride, variant));
}

/** Layers bear torchvision's names, by which weights are found. */
function normalized(
  filters: number,
  convolutionName: string,
  normalizationName: string,
  kernelSize: number,
  strides: number,
  variant: ResNetVariant,
): tfl.layers.Layer[] {
  const keras = variant === 'keras';
  return [
    ...convolution(filters, { name: convolutionName, kernelSize, strides, useBias: keras }),
    normalization(normalizationName, keras ? 1.001e-5 : 1e-5),
  ];
}
