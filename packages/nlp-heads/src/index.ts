export { crfTokenClassification } from './crf-token-classification.js';
export type { BrokenTags } from './encode-tags.js';
export {
  answerInWindows,
  type ExtractedAnswer,
  type ExtractiveAnswerOptions,
  extractiveAnswer,
  type ScoredSpan,
  type TokenSpan,
} from './extractive-answer.js';
export type { FoundText, SearchOptions } from './generation/beam-search.js';
export type { GeneratedText, GenerationOptions, TextCodec } from './generation/text-generation.js';
export type { DecoderOptions } from './generation/token-decoder.js';
export { generativeAnswer } from './generative-answer.js';
export { type LanguageModelOptions, languageModel, type WordGuess } from './language-model.js';
export { bleu } from './metrics/bleu.js';
export { chrf } from './metrics/chrf.js';
export { accuracyScore, macroF1, matthewsCorrelation, multiLabelF1 } from './metrics/classes.js';
export { pearson, spearman } from './metrics/correlation.js';
export { type Entity, type EntityMode, entitiesOf } from './metrics/entities.js';
export { type EntityScores, entityScores } from './metrics/entity-f1.js';
export { type AnswerScores, answerScores } from './metrics/squad.js';
export { multiLabelClassification, type TextLabels } from './multi-label-classification.js';
export { ordinalClassification } from './ordinal-classification.js';
export { sentencePairs } from './sentence-pairs.js';
export { type Polarity, type Sentiment, type SentimentOptions, sentiment } from './sentiment.js';
export { brokenAt, repairTags, type TagScheme } from './tag-scheme.js';
export { type TextClass, textClassification } from './text-classification.js';
export { type TokenClassificationOptions, tokenClassification } from './token-classification.js';
export { translation } from './translation.js';
