import type { Metric } from '@espalier/core';
import { accuracyScore, macroF1 } from './metrics/classes.js';
import type { EntityMode } from './metrics/entities.js';
import { checkLengths, entityScores } from './metrics/entity-f1.js';
import type { TagScheme } from './tag-scheme.js';

type TaggingMetric = Metric<readonly string[], readonly string[]>;

/** Entities are judged by F1, the share of right tags says little where most are `O`; other tags by accuracy. */
export function taggingMetrics(scheme: TagScheme | undefined): readonly [TaggingMetric, ...TaggingMetric[]] {
  const accuracy = perToken('accuracy', accuracyScore);
  if (scheme === undefined) return [accuracy, perToken('macro-F1', macroF1)];
  const lenient = entityF1('F1', 'lenient');
  return scheme === 'IOB2' ? [lenient, entityF1('strict F1', 'strict'), accuracy] : [lenient, accuracy];
}

function entityF1(name: string, mode: EntityMode): TaggingMetric {
  return {
    name,
    better: 'higher',
    compute: (predictions, labels) => entityScores(predictions, labels, mode).f1,
  };
}

/** A metric of all tokens of all sentences together. */
function perToken(
  name: string,
  measure: (predictions: readonly string[], labels: readonly string[]) => number,
): TaggingMetric {
  return {
    name,
    better: 'higher',
    compute(predictions, labels) {
      for (const [sentence, tags] of predictions.entries()) checkLengths(tags, labels[sentence], sentence);
      return measure(predictions.flat(), labels.flat());
    },
  };
}
