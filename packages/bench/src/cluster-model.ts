/** What a synchronous step on a cluster costs: the model of docs/cluster-cost.md. */

/** What of a network goes over the wire. */
export interface Size {
  /** Weights that the tasks share. */
  readonly shared: number;
  /** Weights of the tasks' heads, each of which has the gradient of its task alone. */
  readonly heads: number;
  /** In how many parts the gradient of the shared weights is sent: 1 for a sum of losses, one a task where an aggregator looks at them. */
  readonly gradients: number;
}

/** What a step sends for each worker, in bytes: the weights down to it, and gradients up from it. */
export function bytesOf({ shared, heads, gradients }: Size): { readonly down: number; readonly up: number } {
  return { down: 4 * (shared + heads), up: 4 * (gradients * shared + heads) };
}

/** What TensorFlow's distributed runtime costs, in ms. */
export interface Constants {
  /** A step: its round trips. */
  readonly step: number;
  /** What each worker adds to a step where all machines are one: another request, another part of the graph. */
  readonly worker: number;
  /** The part of it that chief and parameter servers have with each worker, whatever machine that is. */
  readonly central: number;
  /** A byte: it is written, sent over loopback and read by the processors of one machine. */
  readonly byte: number;
}

/** A step that was measured. */
export interface Measured {
  readonly workers: number;
  /** With the workers, and on this machine alone with the whole batch. */
  readonly ms: number;
  readonly local: number;
  readonly size: Size;
  /** How long the processors worked for chief and parameter server. */
  readonly centralCpu: number;
}

/** The ms of a step whose machines are all this one: the same computation in parts, and what it costs that there are some. */
export function onOneMachine(
  { step, worker, byte }: Pick<Constants, 'step' | 'worker' | 'byte'>,
  { workers, local, size }: Pick<Measured, 'workers' | 'local' | 'size'>,
): number {
  return local + step + workers * worker + byte * bytesOnWire(workers, size);
}

function bytesOnWire(workers: number, size: Size): number {
  const { down, up } = bytesOf(size);
  return workers * (down + up);
}

/**
 * The constants, by least squares: a byte's from what steps of a wide network take longer than those of a small one with
 * as many workers, the others from lines through the steps of the small one.
 *
 * @param small and `wide` with the same numbers of workers, at least two.
 */
export function constantsFrom(small: readonly Measured[], wide: readonly Measured[]): Constants {
  const extra = ({ ms, local }: Measured) => ms - local;
  const byte = line(
    wide.map((own) => {
      const other = small.find(({ workers }) => workers === own.workers)!;
      const bytes = bytesOnWire(own.workers, own.size) - bytesOnWire(other.workers, other.size);
      return { x: bytes, y: extra(own) - extra(other) };
    }),
  ).slope;
  const { slope: worker, start: step } = line(
    small.map((own) => ({
      x: own.workers,
      y: extra(own) - byte * bytesOnWire(own.workers, own.size),
    })),
  );
  const central = line(small.map(({ workers, centralCpu }) => ({ x: workers, y: centralCpu }))).slope;
  return { step, worker, central, byte };
}

/** The line with the least squared distances. */
function line(points: readonly { readonly x: number; readonly y: number }[]) {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  return { slope, start: y - slope * x };
}

/** Machines of their own, joined by a network. */
export interface Network {
  readonly workers: number;
  readonly servers: number;
  /** Of every machine's link, bytes a ms in each direction. */
  readonly rate: number;
  /** How long a byte is under way, ms. */
  readonly latency: number;
}

/** A step of one worker. */
export interface Load {
  readonly size: Size;
  /** How long its computation takes, ms: the mean over workers and steps. */
  readonly compute: number;
  /** The standard deviation of that time's logarithm. */
  readonly spread: number;
}

/** Bytes a ms that a machine takes or sends: those of its link, or what its processor is through with. */
export function rateOf({ rate }: Network, { byte }: Constants): number {
  return Math.min(rate, 1 / byte);
}

/**
 * The ms of a step on a network, one thing after another: every worker gets the weights, computes, sends its gradients.
 * Links of parameter servers are shared by workers, those of workers by parameter servers; the slowest of W workers is
 * later than the mean, by about `spread * sqrt(2 ln W)` of its time.
 */
export function onNetwork(network: Network, { size, compute, spread }: Load, constants: Constants): number {
  const { workers, servers, latency } = network;
  const { down, up } = bytesOf(size);
  const transfer = (Math.max(workers / servers, 1) * (down + up)) / rateOf(network, constants);
  const slowest = compute * Math.exp(spread * Math.sqrt(2 * Math.log(workers)) - spread ** 2 / 2);
  return overhead(workers, constants) + 2 * latency + transfer + slowest;
}

/** What each worker has to do for itself is done by all of them at once. */
export function overhead(workers: number, { step, worker, central }: Constants): number {
  return step + worker - central + workers * central;
}

/** With how many workers the links of the parameter servers take as long as the computation: more of them wait rather than work. */
export function saturation(network: Network, { size, compute }: Load, constants: Constants): number {
  const { down, up } = bytesOf(size);
  return (network.servers * compute * rateOf(network, constants)) / (down + up);
}
