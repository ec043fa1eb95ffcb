import { smallCnn } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { FACE_SIZE } from '@espalier/datasets';
import { hardSharing } from '@espalier/sharing';
import { expressionRecognition, faceRecognition } from '@espalier/vision-heads';

/** Who of these people it is, and which of these expressions the face has. */
export function headsFor(people: readonly string[], expressions: readonly string[]) {
  return {
    person: faceRecognition({ people, margin: 0.2 }),
    expression: expressionRecognition({ expressions }),
  };
}

export type FaceHeads = ReturnType<typeof headsFor>;

/** One trunk for the tasks of these heads: 64 × 64 pixels become 4 × 4 places, in 13 million multiply-adds. */
export function compose<Own extends Heads>(own: Own, seed: number): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [FACE_SIZE, FACE_SIZE, 1],
    trunk: () => smallCnn({ channels: [16, 32, 64, 128] }),
    sharing: hardSharing(),
    heads: own,
    seed,
  });
}
