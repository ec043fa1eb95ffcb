export {
  type Augmentation,
  augmented,
  inTurn,
  type RandomNumbers,
} from './augment/augmentation.js';
export { type ColourOptions, colour } from './augment/colour.js';
export { crop, flip, scale } from './augment/geometry.js';
export { mosaic } from './augment/mosaic.js';
export { throughWindow } from './augment/window.js';
export type { BadExample, OnBadExample } from './bad-examples.js';
export type { Dataset } from './dataset.js';
export {
  type DigitScene,
  type DigitScenesOptions,
  digitScenes,
  SCENE_SIZE,
  type SceneDigit,
} from './digit-scenes.js';
export { DatasetError } from './errors.js';
export {
  FACE_SIZE,
  type GeneratedExpression,
  type GeneratedFace,
  type GeneratedFacesOptions,
  generatedExpressions,
  generatedFaces,
} from './generated-faces.js';
export { type LogMelFrames, type LogMelOptions, logMel } from './log-mel.js';
export type { MicroWorldOptions, MicroWorldSplit } from './micro-world/events.js';
export { microWorldQuestions } from './micro-world/questions.js';
export { microWorldTranslations } from './micro-world/translations.js';
export { GLYPH_SIZE, type Glyph, mnistDigits, type Split } from './mnist-digits.js';
export {
  type CocoInstances,
  type CocoObject,
  type CocoOptions,
  type CocoPicture,
  parseCoco,
} from './pictures/coco.js';
export type { AnnotatedPicture, ObjectBox, Picture, Point, Rectangle } from './pictures/picture.js';
export { type LabelMap, type MapSegment, type SegmentMap, UNKNOWN } from './pictures/segment-map.js';
export { type AnswerWindow, type AnswerWindowOptions, answerWindows } from './text/answer-windows.js';
export { type ColumnSentence, type Columns, parseConllColumns } from './text/conll-columns.js';
export { type ConlluSentence, type ConlluWord, parseConllu } from './text/conllu.js';
export { parseCsv, parseJsonl, parseTsv, type Row } from './text/delimited.js';
export { type HiddenWords, hideWords } from './text/hide-words.js';
export { bucketOf, lengthBuckets } from './text/length-buckets.js';
export { graphemes, normalizeText, splitWords, type WordSpan, wordSpans } from './text/normalize.js';
export { parseParallel, type SentencePair } from './text/parallel.js';
export { parseSquad, type SquadQuestion } from './text/squad.js';
export { type SubwordTokenizer, subwordTokenizer } from './text/subword-tokenizer.js';
export { type TokenFeatures, type TokenFeaturesOptions, tokenFeatures } from './text/token-features.js';
export { trainBpe } from './text/train-bpe.js';
export { countVocabulary, Vocabulary } from './text/vocabulary.js';
export { type WordCodec, wordCodec } from './text/word-codec.js';
export {
  parseBinaryWordVectors,
  parseWinkWordVectors,
  parseWordVectors,
  rowsOf,
  type WordVectors,
} from './text/word-vectors.js';
export { decodeWav, type Sound } from './wav.js';
