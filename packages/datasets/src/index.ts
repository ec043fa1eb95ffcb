export type { Dataset } from './dataset.js';
export {
  type DigitScene,
  type DigitScenesOptions,
  digitScenes,
  SCENE_SIZE,
  type SceneDigit,
} from './digit-scenes.js';
export { DatasetError } from './errors.js';
export { type LogMelFrames, type LogMelOptions, logMel } from './log-mel.js';
export { GLYPH_SIZE, type Glyph, mnistDigits, type Split } from './mnist-digits.js';
export { decodeWav, type Sound } from './wav.js';
