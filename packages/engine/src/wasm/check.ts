import { EngineError } from '../errors.js';

/** @throws EngineError where a picture's channels come first: XNNPACK convolves channels-last only. */
export function channelsLast(kernelName: string, dataFormat: string | undefined): void {
  if (dataFormat !== undefined && dataFormat !== 'NHWC' && dataFormat !== 'channelsLast') {
    throw new EngineError(
      'wasm',
      `${kernelName} works on dataFormat 'NHWC', not '${dataFormat}'`,
      "Keep pictures channels-last (`dataFormat: 'channelsLast'` in a layer).",
    );
  }
}

/** @throws EngineError where a shape is not that of a batch of pictures. */
export function rank4(shape: readonly number[]): [number, number, number, number] {
  const [batch, height, width, channels, ...rest] = shape;
  if (
    batch === undefined ||
    height === undefined ||
    width === undefined ||
    channels === undefined ||
    rest.length > 0
  ) {
    throw new EngineError(
      'wasm',
      `expected a shape [batch, height, width, channels], found [${shape.join(', ')}]`,
      'Give the operation a tensor of rank 4.',
    );
  }
  return [batch, height, width, channels];
}
