import {
  type Aggregator,
  aggregate,
  completeJacobian,
  type JacobianAggregator,
  readJacobian,
} from '../aggregator.js';
import { InputError } from '../errors.js';
import { checkState, type TaskState } from '../weighting.js';

export interface ByGroupOptions {
  /** How many columns of the Jacobian each group has, in order: for example one group a layer. */
  readonly sizes: readonly number[];
}

export interface ByGroupState<State extends TaskState> extends TaskState {
  readonly groups: readonly State[];
}

/** The aggregator on each group of parameters alone (layer-wise): each with weights and a state of its own. */
export function byGroup<State extends TaskState>(
  inner: Aggregator<State>,
  { sizes }: ByGroupOptions,
): JacobianAggregator<ByGroupState<State>> {
  const name = `byGroup(${inner.name})`;
  if (sizes.length === 0 || !sizes.every((size) => Number.isInteger(size) && size >= 1))
    throw new InputError(name, 'sizes of at least 1', sizes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return completeJacobian<ByGroupState<State>>({
    name,
    init: (tasks) => ({ tasks, groups: sizes.map(() => inner.init(tasks)) }),
    step(state, jacobian, context = {}) {
      const { rows, width } = readJacobian(name, jacobian);
      checkState(name, state, jacobian.length);
      if (rows.length > 0 && width !== total)
        throw new InputError(name, `gradients of ${total} entries`, width);
      const direction = new Float64Array(width);
      let residual = 0;
      let from = 0;
      const groups = sizes.map((size, k) => {
        const to = from + size;
        const part = jacobian.map(
          (row) => row && Float64Array.from({ length: size }, (_, c) => row[from + c]!),
        );
        const step = aggregate(inner, state.groups[k]!, part, context);
        if (rows.length > 0) direction.set(step.direction, from);
        residual = Math.max(residual, step.residual);
        from = to;
        return step.state;
      });
      return { direction, state: { ...state, groups }, residual };
    },
  });
}
