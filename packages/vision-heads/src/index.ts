export {
  type Box,
  type DetectedBox,
  intersectionOverUnion,
  type LabelledBox,
  nonMaximumSuppression,
} from './box.js';
export { type Classification, type ClassificationOptions, classification } from './classification.js';
export { type DetectionOptions, detection } from './detection.js';
export { accuracy } from './metrics/accuracy.js';
export { averagePrecision } from './metrics/average-precision.js';
