import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { StageError } from '../errors.js';
import { configOf, type LayerConfig, layerFromConfig } from './layer-from-config.js';

type Kwargs = Parameters<tfl.layers.Layer['call']>[1];
type Shape = Parameters<tfl.layers.Layer['build']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

interface BlockConfig extends tf.serialization.ConfigDict {
  name: string;
  trainable: boolean;
  layers: LayerConfig[];
}

/**
 * Several layers, one after another, as one layer: a stage that needs no input shape until it is used.
 * Each layer has one input and one output; shapes are those of the layers.
 */
export class Block extends tfl.layers.Layer {
  static readonly className: string = 'EspalierBlock';

  constructor(
    readonly layers: readonly tfl.layers.Layer[],
    options: { name?: string; trainable?: boolean } = {},
  ) {
    super(options);
    if (layers.length === 0) throw new StageError(this.name, 'is a block without layers; give at least one.');
  }

  override build(inputShape: Shape): void {
    let shape = inputShape;
    for (const layer of this.layers) {
      layer.build(shape);
      layer.built = true;
      shape = layer.computeOutputShape(shape);
    }
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.layers.reduce((shape, layer) => layer.computeOutputShape(shape), inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => this.layers.reduce((features, layer) => layer.call(features, kwargs), inputs));
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    // The base constructor sets this before the layers are there.
    for (const layer of this.layers ?? []) layer.trainable = trainable;
  }

  override get trainableWeights(): LayerVariable[] {
    return this.layers.flatMap((layer) => layer.trainableWeights);
  }

  override get nonTrainableWeights(): LayerVariable[] {
    return this.layers.flatMap((layer) => layer.nonTrainableWeights);
  }

  override calculateLosses(): tf.Scalar[] {
    return this.layers.flatMap((layer) => layer.calculateLosses());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      layers: this.layers.map(configOf),
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { layers, ...options } = config as BlockConfig;
    const children = layers.map((entry) => layerFromConfig(entry, options.name));
    return Reflect.construct(cls, [children, options]) as T;
  }
}
tf.serialization.registerClass(Block);

/** Several layers, one after another, as one stage of a trunk. */
export function block(...layers: tfl.layers.Layer[]): Block {
  return new Block(layers);
}
