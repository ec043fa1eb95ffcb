export { bleu } from './metrics/bleu.js';
export { chrf } from './metrics/chrf.js';
export { accuracyScore, macroF1, matthewsCorrelation, multiLabelF1 } from './metrics/classes.js';
export { pearson, spearman } from './metrics/correlation.js';
export { type Entity, type EntityMode, entitiesOf } from './metrics/entities.js';
export { type EntityScores, entityScores } from './metrics/entity-f1.js';
export { type AnswerScores, answerScores } from './metrics/squad.js';
