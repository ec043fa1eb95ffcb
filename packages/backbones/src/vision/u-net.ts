import { Block, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { convolutionUnit } from './convolution.js';
import { LookingBack, shapes } from './looking-back.js';

export interface UNetOptions {
  /** The contracting path: any trunk for pictures. */
  readonly encoder: Trunk;
  /**
   * The channels of the stages of the expanding path, from the coarsest. Each is as large as the next larger features
   * of the encoder; behind those of its first stage comes the picture itself.
   */
  readonly channels?: readonly number[];
}

/**
 * A U-Net over any trunk: the encoder's stages, then stages that upsample, take what the encoder had at that size,
 * and convolve twice. With an encoder of five strides and five entries of `channels`, the features end as large as the
 * picture.
 *
 * O. Ronneberger, P. Fischer, T. Brox, "U-Net", MICCAI 2015, section 2; here with padding and batch normalization,
 * and cells are repeated where the paper convolves upwards.
 */
export function unet({ encoder, channels = [256, 128, 64, 32, 16] }: UNetOptions): Trunk {
  return [
    ...encoder,
    ...channels.map((filters, index) => {
      const name = `up${index}`;
      const units = [convolutionUnit(filters, `${name}/0`), convolutionUnit(filters, `${name}/1`)];
      return new UpStage([new Block(units)], { name });
    }),
  ];
}

class UpStage extends LookingBack {
  static override readonly className = 'EspalierUpStage';

  override build(inputShape: Parameters<Block['build']>[0]): void {
    const [features, skip] = shapes(inputShape);
    this.layers[0].build([...skip.slice(0, 3), Number(features[3]) + Number(skip[3])]);
    this.layers[0].built = true;
    this.built = true;
  }

  protected override outputChannels(features: number | null, skip: number | null) {
    const joined = [null, null, null, Number(features) + Number(skip)];
    return (this.layers[0].computeOutputShape(joined) as (number | null)[])[3];
  }

  protected override merge(features: tf.Tensor4D, skip: tf.Tensor4D, kwargs: Parameters<Block['call']>[1]) {
    return this.layers[0].call(tf.concat([features, skip], 3), kwargs) as tf.Tensor;
  }
}
tf.serialization.registerClass(UpStage);
