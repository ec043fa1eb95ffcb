import type { Head } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BrokenTags, encodeTags } from './encode-tags.js';
import { tokenScores } from './layers/keep-padding.js';
import type { TagScheme } from './tag-scheme.js';
import { taggingMetrics } from './tagging-metrics.js';

export interface TokenClassificationOptions<Tag extends string> {
  /** The tags, at least two. A label is one of them for every token of a sentence. */
  readonly tags: readonly Tag[];
  /** How the tags mark entities, if they do: then whole entities are what the task is judged by. */
  readonly scheme?: TagScheme;
  /** What is done with labels that break the scheme; `refuse` unless given. */
  readonly brokenTags?: BrokenTags;
}

/**
 * A tag for every token by softmax, each token on its own, from features [batch, tokens, channels].
 *
 * The loss of a sentence is the negative log-likelihood of its tags in nats: the sum of the tokens' cross-entropies.
 */
export function tokenClassification<const Tag extends string>({
  tags,
  scheme,
  brokenTags = 'refuse',
}: TokenClassificationOptions<Tag>): Head<readonly string[], readonly Tag[]> {
  checkTags(tags);
  return {
    kind: `tokenClassification(${tags.length})`,

    connect: (features, task) => tokenScores(features[features.length - 1], tags.length, task),

    encode: (labels, context) =>
      encodeTags(labels, tags, context, scheme && { name: scheme, broken: brokenTags }),

    losses(scores, target) {
      return tf.tidy(() => {
        // −1, which stands for padding, is no class: its row of the one-hot encoding is zero.
        const chosen = tf.oneHot(tf.cast(target, 'int32'), tags.length);
        return tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), [1, 2])) as tf.Tensor1D;
      });
    },

    async decode(scores) {
      const [best, lengths] = tf.tidy((): [tf.Tensor, tf.Tensor] => [
        tf.argMax(scores, -1),
        tf.sum(tf.sign(tf.max(tf.abs(scores), -1)), 1),
      ]);
      const [places, counts] = [await best.data<'int32'>(), await lengths.data<'float32'>()];
      const length = best.shape[1] as number;
      tf.dispose([best, lengths]);
      return Array.from(counts, (count, sentence) =>
        Array.from(
          places.subarray(sentence * length, sentence * length + Math.round(count)),
          (place) => tags[place],
        ),
      );
    },

    metrics: taggingMetrics(scheme),
  };
}

/** @throws RangeError when there is nothing to choose from, or a tag twice. */
export function checkTags(tags: readonly string[]): void {
  if (tags.length >= 2 && new Set(tags).size === tags.length) return;
  throw new RangeError(
    `Tags have to be at least two, and all different; found ${tags.join(', ') || 'none'}.`,
  );
}
