import type { Heads, MultiTaskModel } from '@espalier/core';

/** What a model says about one example: a prediction of every task, by its name. */
export type ExamplePredictions = Readonly<Record<string, unknown>>;

/** What a model says about each input, all heads in one forward pass. */
export async function predictEach(
  model: MultiTaskModel<Heads>,
  inputs: readonly Float32Array[],
): Promise<ExamplePredictions[]> {
  const stacked = model.stack(inputs);
  try {
    const byTask = await model.predict(stacked);
    return inputs.map((_, index) =>
      Object.fromEntries(model.tasks.map(({ name }) => [name, byTask[name][index]])),
    );
  } finally {
    stacked.dispose();
  }
}
