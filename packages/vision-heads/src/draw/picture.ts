import type { Head } from '@espalier/core';

/** The size of a picture in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A head that can show what it predicts. */
export interface VisionHead<Label, Prediction> extends Head<Label, Prediction> {
  /** A prediction as SVG, in the picture's pixels: a layer for `svgPicture`. */
  draw(prediction: Prediction, size: PictureSize): string;
}

/**
 * An SVG document: a picture, and layers that heads drew on it. sharp turns it into a PNG.
 *
 * @param href where the picture is, usually a `data:` URL.
 */
export function svgPicture(href: string, { width, height }: PictureSize, layers: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<image href="${escapeXml(href)}" width="${width}" height="${height}" style="image-rendering: pixelated"/>` +
    `${layers.join('')}</svg>`
  );
}

/** Text on a dark ground, its upper left corner at x and y. */
export function textBox(text: string, x: number, y: number, { width, height }: PictureSize): string {
  const size = Math.max(Math.min(width, height) / 20, 3);
  const length = 0.62 * size * text.length + 0.4 * size;
  const [left, top] = [Math.max(Math.min(x, width - length), 0), Math.max(y, 0)].map(short);
  return (
    `<g font-family="monospace" font-size="${short(size)}">` +
    `<rect x="${left}" y="${top}" width="${short(length)}" height="${short(1.3 * size)}" fill="#000" opacity="0.7"/>` +
    `<text x="${short(left + 0.2 * size)}" y="${short(top + size)}" fill="#fff">${escapeXml(text)}</text></g>`
  );
}

/** Colours that neighbouring numbers make easy to tell apart: hues a golden angle from each other. */
export function colourOf(index: number): string {
  return `hsl(${Math.round(15 + 137.508 * index) % 360}, 85%, 60%)`;
}

/** A number with at most two decimals, so that drawings stay small. */
export function short(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
