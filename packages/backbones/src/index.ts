export { efficientNetLite0 } from './vision/efficientnet-lite0.js';
export { mobilenetV2 } from './vision/mobilenet-v2.js';
export { type ResNet50Options, type ResNetVariant, resnet18, resnet34, resnet50 } from './vision/resnet.js';
export { type SmallCnnOptions, smallCnn } from './vision/small-cnn.js';
