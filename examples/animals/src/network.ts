import {
  efficientNetLite0,
  featurePyramid,
  frozen,
  loadWeights,
  smallCnn,
  weightSources,
} from '@espalier/backbones';
import { fetchWeights } from '@espalier/backbones/node';
import { type Heads, type MultiTaskModel, multiTaskModel, type Trunk } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';

/** Makes a trunk, as often as there are networks. */
export type MakeTrunk = () => Trunk;

/**
 * EfficientNet-Lite0 with ImageNet's weights, as it is, under a feature pyramid of two levels that learns: it ends at a
 * sixteenth of the picture's size.
 */
export async function pretrained(): Promise<MakeTrunk> {
  const source = weightSources.efficientNetLite0;
  const weights = await fetchWeights(source, { onProgress: showProgress });
  return () =>
    featurePyramid({
      backbone: frozen(loadWeights(efficientNetLite0(), weights, source.layout)),
      levels: 2,
      channels: 96,
    });
}

/** A small CNN that begins from nothing, under a feature pyramid that ends at a quarter of the picture's size. */
export async function small(): Promise<MakeTrunk> {
  return () =>
    featurePyramid({ backbone: smallCnn({ channels: [16, 32, 64, 96] }), levels: 3, channels: 48 });
}

export interface NetworkOptions<Own extends Heads> {
  readonly heads: Own;
  /** The pictures' size. */
  readonly size: { readonly width: number; readonly height: number };
  readonly trunk: MakeTrunk;
  readonly seed: number;
}

/** One trunk for these heads, which stand behind the finest level of its pyramid. */
export function compose<Own extends Heads>({
  heads,
  size,
  trunk,
  seed,
}: NetworkOptions<Own>): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [size.height, size.width, 3],
    trunk,
    sharing: hardSharing(),
    heads,
    seed,
  });
}

/** A line that is written over; where nothing can be written over, in a file, say, only its end. */
function showProgress(received: number, total: number | undefined): void {
  if (!process.stderr.isTTY && received !== total) return;
  process.stderr.write(
    `\rWeights: ${received} of ${total ?? 'unknown'} bytes${received === total ? '\n' : ''}`,
  );
}
