import { applyStage, type Sharing } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';
import { addLayer, channelsOf } from './layer.js';

/**
 * MTAN, the multi-task attention network: all tasks share the trunk, and behind every stage each task takes from the
 * shared features what a mask of its own lets through. The mask, from 0 to 1, is made from the shared features and from
 * what the task took behind the stage before.
 *
 * S. Liu et al., "End-to-End Multi-Task Learning with Attention", CVPR 2019, section 3.2. The paper masks blocks of
 * several convolutions and looks into them; a stage is not looked into. So u, from which the mask is made, and p, which
 * it masks, are both the stage's output, and f, which the tasks share and which brings the former features to the
 * stage's shape, is a copy of the stage.
 */
export function mtan(): Sharing {
  return {
    kind: 'mtan',
    connect(trunk, input, tasks) {
      const features = new Map(tasks.map((task): [string, tfl.SymbolicTensor[]] => [task, []]));
      let common = input;
      for (const [index, stage] of trunk.entries()) {
        const { name } = stage;
        const before = tasks.map((task) => features.get(task)!.at(-1));
        let brought: readonly (tfl.SymbolicTensor | undefined)[] = before;
        if (index === 0) {
          common = applyStage(stage, common);
        } else {
          const [first, ...others] = before as tfl.SymbolicTensor[];
          const [output, firstBrought] = applyCopies(
            stage,
            new Map([
              [name, common],
              [`${name}/bring`, first],
            ]),
          );
          common = output;
          brought = [firstBrought, ...others.map((own) => applyStage(firstBrought.sourceLayer, own))];
        }
        for (const [place, task] of tasks.entries()) {
          const mask = addMask(`${task}/${name}`, common, brought[place]);
          const masked = addLayer(tfl.layers.multiply({ name: `${task}/${name}/masked` }), [mask, common]);
          features.get(task)!.push(masked);
        }
      }
      return features;
    },
  };
}

/** h(g([u; f(â)])): two convolutions of one pixel, which are dense layers over the channels, each normalized. */
function addMask(
  prefix: string,
  shared: tfl.SymbolicTensor,
  own: tfl.SymbolicTensor | undefined,
): tfl.SymbolicTensor {
  const units = channelsOf(shared.shape, prefix);
  const beside =
    own === undefined
      ? shared
      : addLayer(tfl.layers.concatenate({ name: `${prefix}/beside`, axis: -1 }), [shared, own]);
  return [
    tfl.layers.dense({ name: `${prefix}/g`, units }),
    tfl.layers.batchNormalization({ name: `${prefix}/g-norm` }),
    tfl.layers.activation({ name: `${prefix}/g-relu`, activation: 'relu' }),
    tfl.layers.dense({ name: `${prefix}/h`, units }),
    tfl.layers.batchNormalization({ name: `${prefix}/h-norm` }),
    tfl.layers.activation({ name: `${prefix}/h-sigmoid`, activation: 'sigmoid' }),
  ].reduce((features, layer) => addLayer(layer, features), beside);
}
