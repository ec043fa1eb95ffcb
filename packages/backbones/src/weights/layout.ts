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

/** MobileNetV2's blocks are counted through; its groups have 1, 2, 3, 4, 3, 3 and 1 of them. */
const mobilenetV2Places = [1, 2, 4, 7, 11, 14, 17];

/** torchvision's MobileNetV2. */
export const torchvisionMobilenetV2 = torchLayout('torchvision MobileNetV2', 'classifier', (layer) => {
  const [, group, index, own] = /^blocks\.(\d+)\.(\d+)\.(\w+)$/.exec(layer) ?? [];
  if (own === undefined) {
    const ends: Readonly<Record<string, string>> = {
      conv_stem: 'features.0.0',
      bn1: 'features.0.1',
      conv_head: 'features.18.0',
      bn2: 'features.18.1',
    };
    return ends[layer] ?? layer;
  }
  const place = mobilenetV2Places[Number(group)] + Number(index);
  const parts: Readonly<Record<string, string>> =
    group === '0'
      ? { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' }
      : { conv_pw: '0.0', bn1: '0.1', conv_dw: '1.0', bn2: '1.1', conv_pwl: '2', bn3: '3' };
  return `features.${place}.conv.${parts[own]}`;
});

/** The EfficientNet-Lite0 of `efficientnet-lite-pytorch` on PyPI. */
export const efficientNetLitePytorch = torchLayout('efficientnet-lite-pytorch', '_fc', (layer) => {
  const [, group, index, own] = /^blocks\.(\d+)\.(\d+)\.(\w+)$/.exec(layer) ?? [];
  if (own === undefined) {
    const ends: Readonly<Record<string, string>> = {
      conv_stem: '_conv_stem',
      bn1: '_bn0',
      conv_head: '_conv_head',
      bn2: '_bn1',
    };
    return ends[layer] ?? layer;
  }
  // Blocks are counted through; the groups have 1, 2, 2, 3, 3, 4 and 1 of them.
  const place = [0, 1, 3, 5, 8, 11, 15][Number(group)] + Number(index);
  const parts: Readonly<Record<string, string>> =
    group === '0'
      ? { conv_dw: '_depthwise_conv', bn1: '_bn1', conv_pw: '_project_conv', bn2: '_bn2' }
      : {
          conv_pw: '_expand_conv',
          bn1: '_bn0',
          conv_dw: '_depthwise_conv',
          bn2: '_bn1',
          conv_pwl: '_project_conv',
          bn3: '_bn2',
        };
  return `_blocks.${place}.${parts[own]}`;
});

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

/** Keras' MobileNetV2 of `keras.applications`, for `mobilenetV2({ variant: 'keras' })`. */
export const kerasMobilenetV2: WeightLayout = {
  name: 'Keras MobileNetV2',
  tensorName(layer, weight) {
    // Keras 3 calls the kernels of all convolutions so.
    const own = weight === 'depthwise_kernel' ? 'kernel' : weight;
    const [, group, index, part] = /^blocks\.(\d+)\.(\d+)\.(\w+)$/.exec(layer) ?? [];
    if (part === undefined) {
      const ends: Readonly<Record<string, string>> = {
        conv_stem: 'Conv1',
        bn1: 'bn_Conv1',
        conv_head: 'Conv_1',
        bn2: 'Conv_1_bn',
      };
      return `${ends[layer] ?? layer}/${own}`;
    }
    const parts: Readonly<Record<string, string>> =
      group === '0'
        ? { conv_dw: 'depthwise', bn1: 'depthwise_BN', conv_pw: 'project', bn2: 'project_BN' }
        : {
            conv_pw: 'expand',
            bn1: 'expand_BN',
            conv_dw: 'depthwise',
            bn2: 'depthwise_BN',
            conv_pwl: 'project',
            bn3: 'project_BN',
          };
    const place = mobilenetV2Places[Number(group)] + Number(index) - 1;
    return `${group === '0' ? 'expanded_conv' : `block_${place}`}_${parts[part]}/${own}`;
  },
  kernels: 'tensorflow',
  ignored: /^predictions\//,
};
