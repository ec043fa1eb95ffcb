/** The taps of a filter along one axis that see the same phase of the input. */
export interface Phase {
  /** The first input position of the phase; the others follow at the stride's distance. */
  readonly phase: number;
  /** Tap `tap` sees, for output position `o`, position `o + shift` of the phase. */
  readonly taps: readonly { readonly tap: number; readonly shift: number }[];
}

/** How a filter's taps fall on one axis of its input. */
export interface Taps {
  readonly phases: readonly Phase[];
  /** The most positions that a phase has and an output can see. */
  readonly length: number;
  /** The longest shift, either way. */
  readonly reach: number;
  /**
   * The distance between rows of a grid that holds an output or a phase, such that a shifted row never sees
   * another row's values: what overhangs falls into the zeros between.
   */
  readonly pitch: number;
}

/**
 * Sorts the taps of a filter along one axis. Tap `t` sees input position `o * stride + t - pad` for
 * output position `o`.
 */
export function alignTaps(size: number, stride: number, pad: number, inputs: number, outputs: number): Taps {
  const byPhase = new Map<number, { tap: number; shift: number }[]>();
  for (let tap = 0; tap < size; tap++) {
    const offset = tap - pad;
    const shift = Math.floor(offset / stride);
    const phase = offset - shift * stride;
    const taps = byPhase.get(phase);
    if (taps === undefined) byPhase.set(phase, [{ tap, shift }]);
    else taps.push({ tap, shift });
  }
  const phases = [...byPhase].map(([phase, taps]) => ({ phase, taps }));

  let length = 0;
  let reach = 0;
  let overhang = 0;
  for (const { phase, taps } of phases) {
    const shifts = taps.map(({ shift }) => shift);
    const [lowest, highest] = [Math.min(...shifts), Math.max(...shifts)];
    const held = Math.max(0, Math.min(Math.ceil((inputs - phase) / stride), outputs + highest));
    length = Math.max(length, held);
    reach = Math.max(reach, -lowest, highest);
    overhang = Math.max(overhang, -lowest, outputs + highest - held);
  }
  return { phases, length, reach, pitch: Math.max(outputs, length) + overhang };
}
