import { Block } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<Block['build']>[0];

/**
 * Adds what its first layer makes of the features to what its second, the shortcut, makes of them, or to the features
 * themselves where there is no second.
 *
 * K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 3.2.
 */
export class Residual extends Block {
  static override readonly className = 'EspalierResidual';

  override build(inputShape: Shape): void {
    for (const layer of this.layers) {
      layer.build(inputShape);
      layer.built = true;
    }
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.layers[0].computeOutputShape(inputShape);
  }

  override call(...[inputs, kwargs]: Parameters<Block['call']>): tf.Tensor {
    return tf.tidy(() => {
      const features = Array.isArray(inputs) ? inputs[0] : inputs;
      const [main, shortcut = features] = this.layers.map(
        (layer) => layer.call(features, kwargs) as tf.Tensor,
      );
      return tf.add(main, shortcut);
    });
  }
}
tf.serialization.registerClass(Residual);

/** A residual connection around `main`, with or without layers on the shortcut. */
export function residual(main: tfl.layers.Layer, shortcut?: tfl.layers.Layer): Residual {
  return new Residual(shortcut === undefined ? [main] : [main, shortcut]);
}
