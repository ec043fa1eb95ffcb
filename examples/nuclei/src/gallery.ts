import type { Predictions } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { svgPicture } from '@espalier/vision-heads';
import sharp from 'sharp';
import { heads } from './network.js';
import { SIDE } from './pictures.js';

type NucleiHeads = typeof heads;

const SIZE = { width: SIDE, height: SIDE };
const MOST_PICTURES = 12;

/** Pictures with what is true and what the network says, as HTML. */
export async function gallery(
  data: DataOf<NucleiHeads>,
  predictions: Predictions<NucleiHeads>,
): Promise<string> {
  const count = Math.min(data.length, MOST_PICTURES);
  // Spread over all pictures: neighbours are alike.
  const shown = Array.from({ length: count }, (_, index) => Math.floor((index * data.length) / count));
  const rows = await Promise.all(
    shown.map(async (index) => {
      const { input, labels } = data.at(index);
      const href = await png(input);
      const nuclei = predictions.nuclei[index];
      const truth = labels.nuclei && {
        ...labels.nuclei,
        segments: labels.nuclei.segments.map(({ class: own }) => ({
          class: own,
          label: 'nucleus' as const,
          score: 1,
        })),
      };
      const pictures = [
        [
          `${truth?.segments.length ?? 0} nuclei, as people drew them`,
          truth ? heads.nuclei.draw(truth, SIZE) : '',
        ],
        [`${nuclei.segments.length} nuclei found`, heads.nuclei.draw(nuclei, SIZE)],
        ['what is a nucleus', heads.tissue.draw(predictions.tissue[index], SIZE)],
      ];
      return pictures
        .map(
          ([caption, layer]) =>
            `<figure>${svgPicture(href, SIZE, [layer])}<figcaption>${caption}</figcaption></figure>`,
        )
        .join('');
    }),
  );
  return `<style>${STYLE}</style><div class="nuclei">${rows.join('\n')}</div>`;
}

async function png(pixels: Float32Array): Promise<string> {
  const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * value));
  const encoded = await sharp(bytes, { raw: { ...SIZE, channels: 3 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${encoded.toString('base64')}`;
}

const STYLE = `
.nuclei { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem; }
.nuclei figure { margin: 0; } .nuclei svg { width: 100%; height: auto; }
.nuclei figcaption { font-weight: 400; font-size: .85rem; }
`;
