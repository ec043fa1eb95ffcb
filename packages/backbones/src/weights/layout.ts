/** What a weight of a picture's network is in its layer, by tfjs' names. */
type VisionKind =
  | 'kernel'
  | 'depthwise_kernel'
  | 'bias'
  | 'gamma'
  | 'beta'
  | 'moving_mean'
  | 'moving_variance';

/** Where a source of weights keeps what a trunk needs. */
export interface WeightLayout {
  /** For errors. */
  readonly name: string;
  /**
   * The name of the tensor of a layer's weight.
   *
   * @param layer the layer's name in the trunk, such as `layer1.0.conv1`.
   * @param weight the weight's own name in its layer, such as `kernel` or `query_bias`.
   */
  tensorName(layer: string, weight: string): string;
  /** How kernels lie: `[out, in]` or `[out, in, height, width]` as in PyTorch, or as tfjs has them. */
  readonly kernels: 'pytorch' | 'tensorflow';
  /** The names of tensors that a trunk without its top does not need. */
  readonly ignored: RegExp;
}

const torchNames: Readonly<Record<VisionKind, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

function torchLayout(name: string, top: string, moduleOf: (layer: string) => string): WeightLayout {
  return {
    name,
    tensorName: (layer, weight) => `${moduleOf(layer)}.${torchNames[weight as VisionKind]}`,
    kernels: 'pytorch',
    ignored: new RegExp(`^${top}\\.|\\.num_batches_tracked$`),
  };
}

/** torchvision's and timm's ResNet. */
export const torchvisionResNet = torchLayout('torchvision ResNet', 'fc', (layer) => layer);

/** timm's MobileNetV2 (`mobilenetv2_100`) and EfficientNet-Lite0 (`tf_efficientnet_lite0`). */
export const timmMobile = torchLayout('timm MobileNetV2 or EfficientNet', 'classifier', (layer) => layer);

/** What the layers of a network of inverted residuals are called elsewhere. */
interface ResidualNames {
  /** The names of layers outside of the blocks. */
  readonly ends: Readonly<Record<string, string>>;
  /** Blocks are counted through there: the number of each group's first one. */
  readonly starts: readonly number[];
  /** The names of layers inside of a block: in the first group, whose block does not expand, and in the others. */
  readonly first: Readonly<Record<string, string>>;
  readonly others: Readonly<Record<string, string>>;
  inBlock(block: number, part: string): string;
}

function residualNames({ ends, starts, first, others, inBlock }: ResidualNames): (layer: string) => string {
  return (layer) => {
    const [, group, index, own] = /^blocks\.(\d+)\.(\d+)\.(\w+)$/.exec(layer) ?? [];
    if (own === undefined) return ends[layer] ?? layer;
    const parts = group === '0' ? first : others;
    return inBlock(starts[Number(group)] + Number(index), parts[own]);
  };
}

/** MobileNetV2's groups have 1, 2, 3, 4, 3, 3 and 1 blocks. */
const mobilenetV2Starts = [0, 1, 3, 6, 10, 13, 16];

/** torchvision's MobileNetV2. */
export const torchvisionMobilenetV2 = torchLayout(
  'torchvision MobileNetV2',
  'classifier',
  residualNames({
    ends: {
      conv_stem: 'features.0.0',
      bn1: 'features.0.1',
      conv_head: 'features.18.0',
      bn2: 'features.18.1',
    },
    starts: mobilenetV2Starts,
    first: { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' },
    others: { conv_pw: '0.0', bn1: '0.1', conv_dw: '1.0', bn2: '1.1', conv_pwl: '2', bn3: '3' },
    // Number 0 is the stem.
    inBlock: (block, part) => `features.${block + 1}.conv.${part}`,
  }),
);

/** The EfficientNet-Lite0 of `efficientnet-lite-pytorch` on PyPI. */
export const efficientNetLitePytorch = torchLayout(
  'efficientnet-lite-pytorch',
  '_fc',
  residualNames({
    ends: {
      conv_stem: '_conv_stem',
      bn1: '_bn0',
      conv_head: '_conv_head',
      bn2: '_bn1',
    },
    // The groups have 1, 2, 2, 3, 3, 4 and 1 blocks.
    starts: [0, 1, 3, 5, 8, 11, 15],
    first: { conv_dw: '_depthwise_conv', bn1: '_bn1', conv_pw: '_project_conv', bn2: '_bn2' },
    others: {
      conv_pw: '_expand_conv',
      bn1: '_bn0',
      conv_dw: '_depthwise_conv',
      bn2: '_bn1',
      conv_pwl: '_project_conv',
      bn3: '_bn2',
    },
    inBlock: (block, part) => `_blocks.${block}.${part}`,
  }),
);

/** Keras' ResNet50, ResNet101 and ResNet152 of `keras.applications`. */
export const kerasResNet: WeightLayout = {
  name: 'Keras ResNet',
  tensorName(layer, weight) {
    const [, stage, block, own] = /^layer(\d)\.(\d+)\.(.+)$/.exec(layer) ?? [];
    if (own === undefined) return `conv1_${layer.startsWith('bn') ? 'bn' : 'conv'}/${weight}`;
    const parts: Readonly<Record<string, string>> = { 'downsample.0': '0_conv', 'downsample.1': '0_bn' };
    const part = parts[own] ?? own.replace(/^(conv|bn)(\d)$/, '$2_$1');
    return `conv${Number(stage) + 1}_block${Number(block) + 1}_${part}/${weight}`;
  },
  kernels: 'tensorflow',
  ignored: /^(predictions|probs)\//,
};

const bertParts: Readonly<Record<string, string>> = {
  words: 'word_embeddings.weight',
  positions: 'position_embeddings.weight',
  segments: 'token_type_embeddings.weight',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  attention_norm: 'attention.output.LayerNorm',
  inner: 'intermediate.dense',
  outer: 'output.dense',
  outer_norm: 'output.LayerNorm',
};

function bertLayout(name: string, prefix: string, norm: { gamma: string; beta: string }): WeightLayout {
  const ends: Readonly<Record<string, string>> = { kernel: 'weight', bias: 'bias', ...norm };
  return {
    name,
    tensorName(layer, weight) {
      const whole = bertParts[weight];
      if (whole !== undefined) return `${prefix}${layer}.${whole}`;
      const [, part = '', end] = /^(?:(.*)_)?([a-z]+)$/.exec(weight)!;
      return `${prefix}${layer}.${bertParts[part] ?? 'LayerNorm'}.${ends[end]}`;
    },
    kernels: 'pytorch',
    ignored: /(^|\.)(pooler|cls)\.|\.position_ids$/,
  };
}

/** BERT and MiniLM as `BertModel` of Hugging Face's transformers saves them. */
export const huggingFaceBert = bertLayout('Hugging Face BertModel', '', { gamma: 'weight', beta: 'bias' });

/** Those saved with a head for a task, as fine-tuned models are. */
export const huggingFaceBertWithHead = bertLayout('Hugging Face BERT with a head', 'bert.', {
  gamma: 'weight',
  beta: 'bias',
});

/** Google's first models, such as `bert-base-uncased`, whose norms have names of TensorFlow's. */
export const googleBert = bertLayout('Google BERT', 'bert.', { gamma: 'gamma', beta: 'beta' });

const kerasMobilenetV2Names = residualNames({
  ends: {
    conv_stem: 'Conv1',
    bn1: 'bn_Conv1',
    conv_head: 'Conv_1',
    bn2: 'Conv_1_bn',
  },
  starts: mobilenetV2Starts,
  first: { conv_dw: 'depthwise', bn1: 'depthwise_BN', conv_pw: 'project', bn2: 'project_BN' },
  others: {
    conv_pw: 'expand',
    bn1: 'expand_BN',
    conv_dw: 'depthwise',
    bn2: 'depthwise_BN',
    conv_pwl: 'project',
    bn3: 'project_BN',
  },
  inBlock: (block, part) => `${block === 0 ? 'expanded_conv' : `block_${block}`}_${part}`,
});

/** Keras' MobileNetV2 of `keras.applications`, for `mobilenetV2({ variant: 'keras' })`. */
export const kerasMobilenetV2: WeightLayout = {
  name: 'Keras MobileNetV2',
  // Keras 3 calls the kernels of all convolutions so.
  tensorName: (layer, weight) =>
    `${kerasMobilenetV2Names(layer)}/${weight === 'depthwise_kernel' ? 'kernel' : weight}`,
  kernels: 'tensorflow',
  ignored: /^predictions\//,
};
