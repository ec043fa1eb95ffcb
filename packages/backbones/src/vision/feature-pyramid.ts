import { Block, EspalierError, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { convolution } from './convolution.js';
import { LookingBack, shapes } from './looking-back.js';

export interface FeaturePyramidOptions {
  /** Any trunk for pictures. */
  readonly backbone: Trunk;
  /** How many maps the pyramid has, from the backbone's last stage to finer ones. */
  readonly levels?: number;
  /** The channels of every map. */
  readonly channels?: number;
}

/**
 * A feature pyramid over any trunk: the backbone's stages, then one stage a level, from the coarsest to the finest,
 * all of the same channels. A head finds the levels as the last features, one a stage; one that takes the last only
 * has the finest.
 *
 * T.-Y. Lin et al., "Feature Pyramid Networks for Object Detection", CVPR 2017, section 3; here the smoothing 3 × 3
 * convolution of a level is in front of the next finer one, not beside it.
 */
export function featurePyramid({ backbone, levels = 3, channels = 64 }: FeaturePyramidOptions): Trunk {
  if (!Number.isInteger(levels) || levels < 1) {
    throw new EspalierError(`featurePyramid: levels is ${levels}; expected a whole number from 1.`);
  }
  const linear = { useBias: true, initializer: 'leCunNormal' } as const;
  const layers = (name: string) => [
    ...convolution(channels, { name: `${name}/lateral`, kernelSize: 1, ...linear }),
    ...convolution(channels, { name: `${name}/smooth`, kernelSize: 3, ...linear }),
  ];
  const finer = Array.from({ length: levels - 1 }, (_, index) => `pyramid${index + 1}`);
  return [
    ...backbone,
    new Block(layers('pyramid0'), { name: 'pyramid0' }),
    ...finer.map((name) => new PyramidStage(layers(name), { name })),
  ];
}

/** Its layers: the lateral convolution, of the larger features, and the smoothing one, of the sum. */
class PyramidStage extends LookingBack {
  static override readonly className = 'EspalierPyramidStage';

  override build(inputShape: Parameters<Block['build']>[0]): void {
    const [, skip] = shapes(inputShape);
    const [lateral, smooth] = this.layers;
    lateral.build([...skip]);
    smooth.build(lateral.computeOutputShape([...skip]));
    for (const layer of this.layers) layer.built = true;
    this.built = true;
  }

  protected override outputChannels(features: number | null) {
    return features;
  }

  protected override merge(features: tf.Tensor4D, skip: tf.Tensor4D, kwargs: Parameters<Block['call']>[1]) {
    const [lateral, smooth] = this.layers;
    return smooth.call(tf.add(features, lateral.call(skip, kwargs) as tf.Tensor), kwargs) as tf.Tensor;
  }
}
tf.serialization.registerClass(PyramidStage);
