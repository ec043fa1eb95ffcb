import type { Head } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { logPartition, sequenceScore } from './crf/likelihood.js';
import { type Allowed, CrfPotentials } from './crf/potentials.js';
import { viterbi } from './crf/viterbi.js';
import { encodeTags, tokenMask } from './encode-tags.js';
import { tokenScores } from './layers/keep-padding.js';
import { mayFollow, type TagScheme } from './tag-scheme.js';
import { taggingMetrics } from './tagging-metrics.js';
import { checkTags, type TokenClassificationOptions } from './token-classification.js';

/**
 * A tag for every token by a linear-chain conditional random field, from features [batch, tokens, channels]: the tags
 * of a sentence are chosen together. With a scheme, sequences that break it are impossible: they are neither learned
 * nor predicted.
 *
 * The loss of a sentence is the negative log-likelihood of its tags in nats.
 *
 * J. Lafferty, A. McCallum, F. Pereira, "Conditional Random Fields", ICML 2001; over a neural network as in G. Lample
 * et al., "Neural Architectures for Named Entity Recognition", NAACL 2016, section 2.2.
 */
export function crfTokenClassification<const Tag extends string>({
  tags,
  scheme,
  brokenTags = 'refuse',
}: TokenClassificationOptions<Tag>): Head<readonly string[], readonly Tag[]> {
  checkTags(tags);
  const allowed = allowedTags(tags, scheme);
  return {
    kind: `crfTokenClassification(${tags.length}${scheme === undefined ? '' : `, ${scheme}`})`,

    connect(features, task) {
      const last = features[features.length - 1];
      return new CrfPotentials({ name: `${task}/crf`, allowed }).apply([
        tokenScores(last, tags.length, task),
        last,
      ]) as tfl.SymbolicTensor;
    },

    encode: (labels, context) =>
      encodeTags(labels, tags, context, scheme && { name: scheme, broken: brokenTags }),

    losses(output, target) {
      return tf.tidy(() => {
        const [potentials, chosen] = [output as tf.Tensor4D, target as tf.Tensor2D];
        return tf.sub(logPartition(potentials, tokenMask(chosen)), sequenceScore(potentials, chosen));
      });
    },

    async decode(output) {
      const [, length, count] = output.shape as [number, number, number, number];
      const lengths = tf.tidy(() => tf.sum(tf.sign(tf.max(tf.abs(output), [2, 3])), 1));
      const [potentials, counts] = [await output.data<'float32'>(), await lengths.data()];
      lengths.dispose();
      const size = length * count * count;
      return Array.from(counts, (tokens, sentence) =>
        viterbi(potentials.subarray(sentence * size), Math.round(tokens), count)
          .slice(0, Math.round(tokens))
          .map((place) => tags[place]),
      );
    },

    metrics: taggingMetrics(scheme),
  };
}

function allowedTags(tags: readonly string[], scheme: TagScheme | undefined): Allowed {
  const may = (before: string | undefined, tag: string | undefined) =>
    Number(scheme === undefined || mayFollow(scheme, before, tag));
  return {
    first: tags.map((tag) => may(undefined, tag)),
    last: tags.map((tag) => may(tag, undefined)),
    next: tags.map((before) => tags.map((tag) => may(before, tag))),
  };
}
