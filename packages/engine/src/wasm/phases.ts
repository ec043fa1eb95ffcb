/**
 * One axis of a transposed convolution, taken apart into convolutions without a stride: input position
 * `first + j * stride` gathers outputs `j + begin + m * dilation`, each by the filter's tap `taps[m]`.
 */
export interface TransposedPhase {
  readonly first: number;
  /** How many positions the phase has. */
  readonly length: number;
  /** The taps that see these positions, in the order of the outputs that they come from. */
  readonly taps: readonly number[];
  /** The distance between those outputs. */
  readonly dilation: number;
  /** Zeros to put before the outputs (negative: outputs to leave out) for the first gather to begin at 0. */
  readonly before: number;
  /** The same at the end. */
  readonly after: number;
}

/**
 * Takes one axis apart. In the forward convolution, tap `t` of output `o` sees input
 * `o * stride + t * dilation - pad`. Phases that no output sees are left out.
 */
export function transposedPhases(
  size: number,
  dilation: number,
  stride: number,
  pad: number,
  inputs: number,
  outputs: number,
): TransposedPhase[] {
  const phases: TransposedPhase[] = [];
  for (let first = 0; first < Math.min(stride, inputs); first++) {
    // Later taps come from earlier outputs.
    const taps = Array.from({ length: size }, (_, index) => size - 1 - index).filter(
      (tap) => (first + pad - tap * dilation) % stride === 0,
    );
    const sources = taps.map((tap) => (first + pad - tap * dilation) / stride);
    if (sources.length === 0) continue;
    const length = Math.ceil((inputs - first) / stride);
    const before = 0 - sources[0]!;
    const after = length - 1 + sources.at(-1)! - (outputs - 1);
    if (Math.max(0, -before) + Math.max(0, -after) >= outputs) continue;
    const spacing = sources.length > 1 ? sources[1]! - sources[0]! : 1;
    phases.push({ first, length, taps, dilation: spacing, before, after });
  }
  return phases;
}
