import { applyShared, type ByTask, type Sharing } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';
import { featuresByTask } from './by-task.js';
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
    connect(trunk, inputs) {
      let common = inputs;
      let masked: ByTask | undefined;
      const steps = trunk.map((stage): ByTask => {
        const { name } = stage;
        let brought: ByTask | undefined;
        if (masked === undefined) {
          common = applyShared(stage, common);
        } else {
          const copies = new Map([
            [name, common],
            [`${name}/bring`, masked],
          ]);
          [common, brought] = applyCopies(stage, copies);
        }
        masked = new Map(
          [...common].map(([task, features]) => {
            const mask = addMask(`${task}/${name}`, features, brought?.get(task));
            const multiply = tfl.layers.multiply({ name: `${task}/${name}/masked` });
            return [task, addLayer(multiply, [mask, features])];
          }),
        );
        return masked;
      });
      return featuresByTask(steps);
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
