import { colour, css, prepare } from './canvas.js';

/** One point a step, and the steps where something was switched. */
export interface History {
  readonly losses: [number[], number[]];
  readonly cosines: number[];
  readonly switches: { step: number; name: string }[];
}

export const emptyHistory = (): History => ({ losses: [[], []], cosines: [], switches: [] });

const MARGIN = { left: 40, right: 8, top: 8, bottom: 20 };
/** Curves are drawn with at most so many points, each the mean of its neighbours. */
const POINTS = 160;

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** From a value to a height from 0 (low) to 1 (high). */
  readonly at: (value: number) => number;
}

export function drawLosses(canvas: HTMLCanvasElement, { losses, switches }: History): void {
  const all = losses.flat().filter((value) => value > 0);
  const high = Math.max(...decimated(losses[0]), ...decimated(losses[1]), 1);
  const low = Math.max(Math.min(...all, 0.5), 1e-3) / 1.5;
  const at = (value: number) => Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const ticks = [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001].filter((tick) => tick >= low && tick <= high);
  draw(canvas, { low, high, ticks, at }, losses, ['first', 'second'], switches);
}

export function drawCosine(canvas: HTMLCanvasElement, { cosines, switches }: History): void {
  const scale = { low: -1, high: 1, ticks: [1, 0, -1], at: (value: number) => (value + 1) / 2 };
  draw(canvas, scale, [cosines], ['ink'], switches, true);
}

function draw(
  canvas: HTMLCanvasElement,
  scale: Scale,
  curves: readonly number[][],
  colours: readonly string[],
  switches: History['switches'],
  conflict = false,
): void {
  const { context, width, height } = prepare(canvas);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const steps = Math.max(...curves.map(({ length }) => length), 1);
  const px = (step: number) => MARGIN.left + (step / Math.max(steps, 50)) * inner.width;
  const py = (value: number) => MARGIN.top + (1 - scale.at(value)) * inner.height;
  const faint = css(colour('faint'));
  context.font = '11px system-ui, sans-serif';

  if (conflict) {
    context.fillStyle = css(colour('conflict'));
    context.fillRect(MARGIN.left, py(0), inner.width, inner.height / 2);
    context.fillStyle = faint;
    context.textAlign = 'left';
    context.fillText('conflict', MARGIN.left + 6, MARGIN.top + inner.height - 6);
  }
  context.strokeStyle = css(colour('line'));
  context.fillStyle = faint;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of scale.ticks) {
    line(context, [
      [MARGIN.left, py(tick)],
      [width - MARGIN.right, py(tick)],
    ]);
    context.fillText(String(tick).replace('-', '−'), MARGIN.left - 6, py(tick));
  }
  context.textBaseline = 'alphabetic';
  context.fillText(`step ${steps}`, width - MARGIN.right, height - 5);
  context.setLineDash([3, 3]);
  context.textAlign = 'left';
  for (const [index, { step, name }] of switches.entries()) {
    context.strokeStyle = faint;
    line(context, [
      [px(step), MARGIN.top],
      [px(step), height - MARGIN.bottom],
    ]);
    context.fillText(name, px(step) + 4, MARGIN.top + 10 + 13 * (index % 4));
  }
  context.setLineDash([]);

  context.lineWidth = 2;
  context.lineJoin = 'round';
  for (const [index, curve] of curves.entries()) {
    const means = decimated(curve);
    context.strokeStyle = css(colour(colours[index]));
    line(
      context,
      means.map((value, at) => [px(((at + 0.5) * curve.length) / means.length), py(value)]),
    );
  }
  context.lineWidth = 1;
}

function line(context: CanvasRenderingContext2D, points: readonly (readonly number[])[]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

function decimated(values: readonly number[]): number[] {
  const count = Math.min(values.length, POINTS);
  return Array.from({ length: count }, (_, bin) => {
    const own = values.slice(
      Math.floor((bin * values.length) / count),
      Math.floor(((bin + 1) * values.length) / count),
    );
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
}
