export { type AnchorDetectionOptions, anchorDetection } from './anchor-detection.js';
export {
  type Box,
  type DetectedBox,
  intersectionOverUnion,
  type LabelledBox,
  nonMaximumSuppression,
} from './box.js';
export { type Classification, type ClassificationOptions, classification } from './classification.js';
export { type DetectionOptions, detection } from './detection.js';
export { type PictureSize, svgPicture, type VisionHead } from './draw/picture.js';
export { type ExpressionRecognitionOptions, expressionRecognition } from './expression-recognition.js';
export { FaceGallery, type FaceMatch } from './face-gallery.js';
export { cosineSimilarity, facePairs } from './face-pairs.js';
export { type FaceRecognitionOptions, faceRecognition, type RecognizedFace } from './face-recognition.js';
export { type ImageRegressionOptions, imageRegression, type Quantity } from './image-regression.js';
export { type InstanceSegmentationOptions, instanceSegmentation } from './instance-segmentation.js';
export {
  type ClassMap,
  type FoundSegment,
  type PixelMap,
  type Segment,
  type SegmentMap,
  UNKNOWN,
} from './label-map.js';
export { accuracy } from './metrics/accuracy.js';
export { averagePrecision } from './metrics/average-precision.js';
export { macroF1 } from './metrics/macro-f1.js';
export { maskAveragePrecision } from './metrics/mask-average-precision.js';
export { panopticQuality, recognitionQuality, segmentationQuality } from './metrics/panoptic-quality.js';
export {
  classIntersectionOverUnion,
  meanIntersectionOverUnion,
  pixelAccuracy,
} from './metrics/pixel-metrics.js';
export {
  equalErrorRate,
  type OperatingPoint,
  operatingPoints,
  type Pair,
  trueAcceptRate,
  verificationThreshold,
} from './metrics/verification.js';
export {
  type MultiLabelClassification,
  type MultiLabelClassificationOptions,
  multiLabelClassification,
} from './multi-label-classification.js';
export { mergePanoptic, type PanopticOptions } from './panoptic.js';
export {
  type SegmentedPicture,
  type SemanticSegmentationOptions,
  semanticSegmentation,
} from './semantic-segmentation.js';
