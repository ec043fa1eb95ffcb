import type { Predictions } from '@espalier/core';
import { FACE_SIZE } from '@espalier/datasets';
import { escapeHtml } from '@espalier/trainer/node';
import { svgPicture } from '@espalier/vision-heads';
import sharp from 'sharp';
import type { FaceSet } from './face-set.js';
import type { FaceHeads } from './network.js';
import { FALSE_ACCEPTS, type OpenSet } from './open-set.js';

const SIZE = { width: FACE_SIZE, height: FACE_SIZE };

/** Faces with what the network says about them, as HTML. */
export async function gallery(
  heads: FaceHeads,
  { test, people, expressions }: FaceSet,
  { person, expression }: Predictions<FaceHeads>,
): Promise<string> {
  const figures = await Promise.all(
    person.map(async (face, index) => {
      const { input, labels } = test.at(index);
      const layers = [heads.person.draw(face, SIZE), heads.expression.draw(expression[index], SIZE)];
      const right = face.index === labels.person && expression[index].index === labels.expression;
      const truth = `${people[labels.person!]}, ${expressions[labels.expression!]}`;
      return (
        `<figure class="face">${svgPicture(await png(input), SIZE, layers)}` +
        `<figcaption>${right ? '✓' : '✗'} ${escapeHtml(truth)}</figcaption></figure>`
      );
    }),
  );
  return `<style>${STYLE}</style>
<p>On the picture: what the network says. Below: what is true.</p>
<div class="faces">${figures.join('\n')}</div>`;
}

/** What happens where anybody may come, as HTML. */
export function openSetTable({ threshold, ...shares }: OpenSet): string {
  const words = {
    right: 'known people who are recognized (TAR)',
    wrong: 'known people who are taken for somebody else',
    refused: 'known people who are taken for strangers',
    accepted: 'strangers who are taken for somebody known (FAR)',
  };
  const rows = Object.entries(shares).map(
    ([share, value]) =>
      `<tr><th scope="row">${words[share as keyof typeof words]}</th><td>${(100 * value).toFixed(1)} %</td></tr>`,
  );
  return `<p>A face is taken for the person that it is most alike, from a cosine of ${threshold.toFixed(3)} on: there
${100 * FALSE_ACCEPTS} % of outsiders pass, whom no network has seen. The strangers are others.</p>
<table id="open-set"><tbody>${rows.join('')}</tbody></table>`;
}

/** Inputs have a mean of 0 and a deviation of 1. */
async function png(input: Float32Array): Promise<string> {
  const [least, most] = input.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [0, 0],
  );
  const bytes = Uint8Array.from(input, (value) => Math.round((255 * (value - least)) / (most - least)));
  const encoded = await sharp(bytes, { raw: { ...SIZE, channels: 1 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${encoded.toString('base64')}`;
}

const STYLE = `
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 1rem; }
.face { margin: 0; } .face svg { width: 100%; height: auto; } .face figcaption { font-weight: 400; font-size: .85rem; }
`;
