/** A canvas as sharp as the screen; its own coordinates are CSS pixels. */
export function prepare(canvas: HTMLCanvasElement): {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
} {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser draws no 2D pictures.');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

type Rgb = readonly [red: number, green: number, blue: number];

/** Asking for one lays out the page: each is asked for once, for a light page and a dark one. */
const known = new Map<string, Rgb>();
const dark = matchMedia('(prefers-color-scheme: dark)');

/** A colour of the page's style sheet, as red, green and blue from 0 to 255. */
export function colour(name: string): Rgb {
  const key = `${name} ${dark.matches}`;
  const rgb = known.get(key) ?? ask(name);
  known.set(key, rgb);
  return rgb;
}

function ask(name: string): Rgb {
  const element = document.createElement('i');
  element.style.setProperty('color', `var(--${name})`);
  document.body.append(element);
  const text = getComputedStyle(element).color;
  element.remove();
  if (probe === null) throw new Error('This browser draws no 2D pictures.');
  probe.fillStyle = text;
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

export const css = (rgb: readonly number[], alpha = 1) => `rgb(${rgb.join(' ')} / ${alpha})`;
