export { WeightFileError } from './errors.js';
export { BertEmbeddings, type BertOptions, bert, bertSizes } from './text/bert.js';
export { BiLstm, biLstm } from './text/bi-lstm.js';
export { TextConvolution, textConvolution } from './text/text-convolution.js';
export {
  type CharacterCnnOptions,
  type SubwordOptions,
  TokenEmbedding,
  type TokenEmbeddingOptions,
  tokenEmbedding,
} from './text/token-embedding.js';
export { type TransformerEncoderOptions, transformerEncoder } from './text/transformer-encoder.js';
export { TransformerLayer, type TransformerLayerOptions } from './text/transformer-layer.js';
export { efficientNetLite0 } from './vision/efficientnet-lite0.js';
export { type FeaturePyramidOptions, featurePyramid } from './vision/feature-pyramid.js';
export { frozen } from './vision/frozen.js';
export { type MobilenetV2Options, mobilenetV2 } from './vision/mobilenet-v2.js';
export { type ResNet50Options, type ResNetVariant, resnet18, resnet34, resnet50 } from './vision/resnet.js';
export { type SmallCnnOptions, smallCnn } from './vision/small-cnn.js';
export { type UNetOptions, unet } from './vision/u-net.js';
export {
  efficientNetLitePytorch,
  googleBert,
  huggingFaceBert,
  huggingFaceBertWithHead,
  kerasMobilenetV2,
  kerasResNet,
  timmMobile,
  torchvisionMobilenetV2,
  torchvisionResNet,
  type WeightLayout,
} from './weights/layout.js';
export { loadWeights } from './weights/load-weights.js';
export { parseWeights } from './weights/parse-weights.js';
export { type WeightSource, weightSources } from './weights/sources.js';
