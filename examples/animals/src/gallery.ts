import type { AnnotatedPicture, Picture, Rectangle } from '@espalier/datasets';
import { svgPicture } from '@espalier/vision-heads';
import sharp from 'sharp';

/** A test picture, what the heads drew on it, and a line below. */
export interface Shown {
  readonly picture: AnnotatedPicture;
  /** SVG, in the picture's pixels. */
  readonly layers: readonly string[];
  readonly caption: string;
}

/** Test pictures with what is true, dashed, and what the network says, as HTML. */
export async function gallery(shown: readonly Shown[]): Promise<string> {
  const figures = await Promise.all(
    shown.map(async ({ picture: { picture, boxes = [] }, layers, caption }) => {
      const truth = boxes.map((box) => dashed(box, picture)).join('');
      const svg = svgPicture(await dataUrl(picture), picture, [truth, ...layers]);
      return `<figure class="shown">${svg}<figcaption>${caption}</figcaption></figure>`;
    }),
  );
  return `<style>${STYLE}</style>
<p>Dashed: what people marked. Solid: what the network finds, with its certainty.</p>
<div class="gallery">${figures.join('\n')}</div>`;
}

function dashed(box: Rectangle, { width, height }: Picture): string {
  const [x, y] = [box.x * width, box.y * height].map((place) => place.toFixed(1));
  const [across, down] = [box.width * width, box.height * height].map((side) => side.toFixed(1));
  return `<rect class="true" x="${x}" y="${y}" width="${across}" height="${down}"/>`;
}

async function dataUrl({ width, height, channels, pixels }: Picture): Promise<string> {
  const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * value));
  const raw = { width, height, channels: channels as 1 | 3 };
  const jpeg = await sharp(bytes, { raw }).jpeg({ quality: 85 }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

const STYLE = `
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 1rem; }
.shown svg { width: 100%; height: auto; } .shown figcaption { font-weight: 400; font-size: .85rem; }
.shown .true { fill: none; stroke: #fff; stroke-width: 1.2; stroke-dasharray: 5 4; }
`;
