import { readFileSync } from 'node:fs';
import { headConformance } from '@espalier/core/testing';
import { faceRecognition } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const people = ['Ann', 'Ben', 'Cleo'] as const;
const head = faceRecognition({ people, dimensions: 4 });
const context = { task: 'who', outputShape: [7] };

interface Reference {
  readonly rates: number[];
  readonly faces: {
    readonly people: number[];
    readonly embeddings: number[][];
    readonly eer: number;
    readonly tar: number[];
  }[];
  readonly arcFace: {
    readonly margin: number;
    readonly scale: number;
    readonly cosines: number[][];
    readonly labels: number[];
    readonly losses: number[];
  }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('./reference/scores.json', import.meta.url), 'utf8'),
);

describe('face recognition keeps the contract', () => {
  for (const featureShape of [[5], [4, 3, 6]]) {
    for (const { name, run } of headConformance({ head, featureShape, labels: [0, 1, 2, 1] }))
      test(`on features ${featureShape.join('×')}: ${name}`, run);
  }
});

test.each(reference.arcFace)(
  'with a margin of $margin and a scale of $scale, the loss is the one of the angles',
  ({ margin, scale, cosines, labels, losses }) => {
    tf.tidy(() => {
      const names = cosines[0].map(String);
      const own = faceRecognition({ people: names, dimensions: 2, margin, scale });
      const output = tf.tensor2d(cosines.map((row) => [1, 0, ...row]));
      const target = own.encode(labels, { task: 'who', outputShape: [2 + names.length] });
      for (const [index, loss] of own.losses(output, target).dataSync().entries())
        expect(loss).toBeCloseTo(losses[index], 4);
    });
  },
);

test('losses and gradients are finite at the person’s centre and at its opposite', () => {
  tf.tidy(() => {
    const output = tf.tensor2d([
      [1, 0, 0, 0, 1, 0, 0],
      [1, 0, 0, 0, -1, 0, 0],
    ]);
    const target = head.encode([0, 0], context);
    const { value, grad } = tf.valueAndGrad((own: tf.Tensor) => tf.sum(head.losses(own, target)))(output);
    expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
  });
});

describe.each(reference.faces)('of faces with an equal error rate of $eer', (faces) => {
  const found = faces.embeddings.map((embedding) => ({
    label: 'Ann' as const,
    index: 0,
    similarity: 0,
    embedding: Float32Array.from(embedding),
  }));
  const values = new Map(head.metrics.map(({ name, compute }) => [name, compute(found, faces.people)]));

  test('the head’s metrics are what scikit-learn says of all pairs', () => {
    expect(values.get('EER')).toBeCloseTo(faces.eer, 9);
    expect(values.get('TAR@FAR=0.01')).toBeCloseTo(faces.tar[reference.rates.indexOf(0.01)], 12);
    expect(values.get('rank-1')).toBeCloseTo(
      faces.people.filter((person) => person === 0).length / found.length,
      12,
    );
  });
});

test('the pairs of the same faces are made once for both metrics of verification', () => {
  let reads = 0;
  const face = (value: number) => ({
    label: 'Ann' as const,
    index: 0,
    similarity: 1,
    get embedding() {
      reads++;
      return Float32Array.of(1, value, 0, 0);
    },
  });
  const lists = [
    [face(0), face(0.1), face(5)],
    [0, 0, 1],
  ] as const;
  const verification = head.metrics.filter(({ name }) => name !== 'rank-1');
  expect(verification.map(({ compute }) => compute(...lists))).toEqual([0, 1]);
  expect(reads).toBe(3);
});

test('faces of one person only cannot be verified', () => {
  const face = { label: 'Ann' as const, index: 0, similarity: 1, embedding: Float32Array.of(1, 0, 0, 0) };
  const rate = head.metrics.find(({ name }) => name === 'EER');
  expect(() => rate?.compute([face, face], [0, 0])).toThrow(/pairs of the same and of different.*1 and 0/);
  expect(() => rate?.compute([face, face], [0, 1])).toThrow(/found 0 and 1/);
});

test('a prediction is the nearest person, and an embedding of unit length', async () => {
  const output = tf.tensor2d([[0.6, 0.8, 0, 0, 0.1, 0.9, -0.5]]);
  const [face] = await head.decode(output);
  output.dispose();
  expect(face).toMatchObject({ label: 'Ben', index: 1 });
  expect(face.similarity).toBeCloseTo(0.9, 6);
  expect(face.embedding).toEqual(Float32Array.of(0.6, 0.8, 0, 0));
  expect(head.draw(face, { width: 64, height: 64 })).toContain('Ben 0.90');
});

test('the output is unit embeddings and their cosines with the centres, whatever the length of the features', () => {
  const input = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 6, maxLength: 6 });
  const features = tfl.input({ shape: [6] });
  const network = tfl.model({ inputs: features, outputs: head.connect([features], 'who') });
  const [centres] = network.getWeights().filter(({ shape }) => shape[0] === 4 && shape[1] === 3);
  fc.assert(
    fc.property(input, (values) => {
      tf.tidy(() => {
        const output = network.predict(tf.tensor2d([values])) as tf.Tensor2D;
        const [embedding, cosines] = tf.split(output, [4, 3], 1);
        const length = tf.norm(embedding).dataSync()[0];
        expect(values.every((value) => value === 0) || Math.abs(length - 1) < 1e-4).toBe(true);
        const expected = tf.matMul(embedding, tf.div(centres, tf.norm(centres, 2, 0, true))).dataSync();
        for (const [person, cosine] of cosines.dataSync().entries())
          expect(cosine).toBeCloseTo(expected[person], 4);
      });
    }),
    { numRuns: 30 },
  );
  network.dispose();
});

test.each([3, -1, 0.5, Number.NaN])('the person %s is refused', (label) => {
  expect(() => head.encode([0, label], context)).toThrow(
    new RegExp(`Task "who".*the person ${label}; expected a whole number from 0 to 2`),
  );
});

test.each([
  [{ people: ['Ann'] }, /at least two people; found 1/],
  [{ people, dimensions: 0 }, /dimensions is 0/],
  [{ people, margin: 2 }, /margin is 2; expected radians/],
  [{ people, scale: 0 }, /scale is 0/],
])('%o is refused', (options, message) => {
  expect(() => faceRecognition(options)).toThrow(message);
});
