import { ProgramError } from '../errors.js';
import { dataTypes } from '../program/binding.js';
import type { EntryNodes } from '../program/graph.js';
import type { AttributeValue, GraphNode } from '../program/saved-model.js';
import { sumAttribute } from '../program/trace.js';
import { cpuOf, int32s, text, type } from './nodes.js';
import {
  ancestors,
  type Copy,
  centralEntry,
  centralName,
  centralPart,
  isSum,
  onServers,
  type Placed,
  type Placement,
  renamed,
  sumsOf,
  workerPart,
} from './place.js';

/** Of an entry that workers compute ahead: what they do. Each leaves its tensor of every sum on a parameter server. */
export interface FirstHalf {
  readonly nodes: readonly GraphNode[];
  /** What is run. */
  readonly targets: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly seed: string | undefined;
}

/** The rest: what some workers have left is added up, then the entry goes on from the sums. */
export interface SecondHalf {
  readonly nodes: readonly GraphNode[];
  /** By worker, what is run for those that count, in one run. It begins with zeros. */
  readonly additions: ReadonlyMap<number, Addition>;
  /** Run after it. */
  readonly entry: EntryNodes;
  readonly sums: readonly Sum[];
}

interface Addition {
  readonly nodes: readonly GraphNode[];
  readonly targets: readonly string[];
  readonly values: Placed['values'];
}

interface Sum {
  readonly type: AttributeValue;
  readonly shape: AttributeValue;
  /** Where it is needed, which is where workers leave what it is made of. */
  readonly device: string;
  /** The input that is a worker's share. */
  readonly share: string | undefined;
}

/** @param copy Any worker's: what follows the sums is the same for all. */
export function placeSecondHalf(copy: Copy, workers: number, placement: Placement): SecondHalf {
  const summed = sumsOf(copy);
  const central = centralPart(copy, [], placement);
  const rename = (name: string) => centralName(placement, name);
  const placed = onServers(
    central.map((node) => renamed(isSum(node) ? { ...node, inputs: [] } : node, rename)),
    placement,
  );
  const devices = new Map(placed.map(({ name, device }) => [name, device!]));
  const inputs = new Map(Object.entries(copy.entry.inputs).map(([name, node]) => [node, name]));
  const sums = summed.map((node): Sum => {
    const [, share] = node.inputs;
    const input = share === undefined ? undefined : inputs.get(share);
    if (share !== undefined && (input === undefined || !placement.perWorker.has(input))) {
      throw new ProgramError(
        `entry '${placement.entry}': a worker's share in a sum is computed from others, and cannot be known later. ` +
          'Make the share itself an input.',
      );
    }
    const { T, [sumAttribute]: shape } = node.attributes;
    return { type: T!, shape: shape!, device: devices.get(rename(node.name))!, share: input };
  });
  const reads = new Map(
    summed.map((node, index) => {
      const { handle, read } = sharedVariable(placement, total(index), sums[index]!);
      const name = rename(node.name);
      return [name, [handle, { ...read, name }]];
    }),
  );
  const all = Array.from({ length: workers }, (_, worker) => worker);
  const additions = new Map(all.map((worker) => [worker, addition(worker, sums, placement)]));
  return {
    nodes: [
      ...placed.flatMap((node) => reads.get(node.name) ?? [node]),
      ...sums.flatMap((sum, index) => zeroing(sum, index, placement)),
      ...[...additions.values()].flatMap(({ nodes }) => nodes),
    ],
    additions,
    entry: centralEntry(copy, central, placement),
    sums,
  };
}

export function placeFirstHalf(
  copy: Copy,
  { sums }: Pick<SecondHalf, 'sums'>,
  placement: Placement,
): FirstHalf {
  const part = workerPart(copy, placement, 'without shares');
  const shared = ancestors(copy.nodes, part.shared, isSum);
  if (shared.some(isSum)) {
    throw new ProgramError(
      `entry '${placement.entry}' sums over workers what depends on another such sum, and cannot be computed ahead.`,
    );
  }
  const rename = (name: string) => centralName(placement, name);
  const known = new Set(shared.map(({ name }) => name));
  const { inputs, seed } = copy.entry;
  const leaving = part.sums.map((tensor, index) => {
    const own = sharedVariable(placement, leftBy(copy.worker, index), sums[index]!);
    return [own.handle, own.assign(tensor)] as const;
  });
  return {
    nodes: [
      ...onServers([...shared.map((node) => renamed(node, rename)), ...part.nodes], placement),
      ...leaving.flat(),
    ],
    targets: leaving.map(([, assign]) => assign.name),
    inputs: Object.fromEntries(
      Object.entries(inputs).flatMap(([name, node]) => (known.has(node) ? [[name, rename(node)]] : [])),
    ),
    seed: seed === undefined || !known.has(seed) ? undefined : rename(seed),
  };
}

function total(sum: number): string {
  return `sum${sum}`;
}

function leftBy(worker: number, sum: number): string {
  return `sum${sum}/worker${worker}`;
}

/** Nodes of a variable that several sessions share. */
function sharedVariable({ entry, prefix }: Placement, variable: string, { type, shape, device }: Sum) {
  const name = `${prefix}/${variable}`;
  const using = (op: string, suffix: string, ...inputs: string[]): GraphNode => ({
    name: `${name}/${suffix}`,
    op,
    inputs: [name, ...inputs],
    attributes: { dtype: type },
    device,
  });
  const shared_name = text(`espalier/${entry}/${variable}`);
  const attributes = { dtype: type, shape, shared_name, container: text('') };
  const handle: GraphNode = { name, op: 'VarHandleOp', inputs: [], attributes, device };
  return {
    handle,
    read: using('ReadVariableOp', 'read'),
    assign: (value: string) => using('AssignVariableOp', 'assign', value),
    add: (value: string, after: string) => using('AssignAddVariableOp', 'add', value, `^${after}`),
  };
}

function zeroing(sum: Sum, index: number, placement: Placement): GraphNode[] {
  const name = zeroed(index, placement);
  const { assign } = sharedVariable(placement, total(index), sum);
  const sizes = sum.shape.kind === 'shape' && sum.shape.value !== 'unknown' ? sum.shape.value : [];
  const { type: dtype, device } = sum;
  const nodes: GraphNode[] = [
    { name: `${name}/shape`, op: 'Const', inputs: [], attributes: int32s([sizes.length], sizes) },
    { name: `${name}/number`, op: 'Const', inputs: [], attributes: int32s([], [0]) },
    {
      name: `${name}/value`,
      op: 'Cast',
      inputs: [`${name}/number`],
      attributes: { SrcT: type(dataTypes.int32), DstT: dtype },
    },
    {
      name: `${name}/values`,
      op: 'Fill',
      inputs: [`${name}/shape`, `${name}/value`],
      attributes: { T: dtype, index_type: type(dataTypes.int32) },
    },
  ];
  return [...nodes.map((node) => ({ ...node, device })), { ...assign(`${name}/values`), name }];
}

function zeroed(index: number, { prefix }: Placement): string {
  return `${prefix}/${total(index)}/zero`;
}

/** Adds what a worker has left, times its shares, to the sums. */
function addition(worker: number, sums: readonly Sum[], placement: Placement): Addition {
  const { prefix } = placement;
  const shareOf = (input: string) => `${prefix}/worker${worker}/share/${input}`;
  const shares = [...new Set(sums.flatMap(({ share }) => share ?? []))];
  const placeholders = shares.map((input) => ({
    name: shareOf(input),
    op: 'Placeholder',
    inputs: [],
    attributes: { dtype: type(dataTypes.float32), shape: { kind: 'shape', value: [] } as const },
    device: cpuOf({ job: 'ps', index: 0 }),
  }));
  const targets: string[] = [];
  const nodes = sums.flatMap((sum, index): GraphNode[] => {
    const { handle, read } = sharedVariable(placement, leftBy(worker, index), sum);
    const product: GraphNode[] =
      sum.share === undefined
        ? []
        : [
            {
              name: `${read.name}/share`,
              op: 'Mul',
              inputs: [read.name, shareOf(sum.share)],
              attributes: { T: sum.type },
              device: sum.device,
            },
          ];
    const { add } = sharedVariable(placement, total(index), sum);
    const adding = {
      ...add((product[0] ?? read).name, zeroed(index, placement)),
      name: `${prefix}/worker${worker}/add${index}`,
    };
    targets.push(adding.name);
    return [handle, read, ...product, adding];
  });
  return {
    nodes: [...placeholders, ...nodes],
    targets,
    values: shares.map((input) => ({ input, worker, node: shareOf(input) })),
  };
}
