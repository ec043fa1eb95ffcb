import { EngineError } from './errors.js';

/** As much of WebGPU as is asked here. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/**
 * Registers tfjs's WebGPU backend.
 *
 * @throws EngineError where the host has no WebGPU or no GPU for it, and where the backend is not installed.
 */
export async function loadWebGpu(): Promise<void> {
  const gpu = gpuOf(Reflect.get(globalThis, 'navigator'));
  if (gpu === undefined) {
    throw new EngineError(
      'webgpu',
      'this host has no WebGPU (`navigator.gpu`)',
      'Browsers have it: Chrome and Edge 113, Safari 26, Firefox 141 or later, on pages that come over HTTPS or from localhost.',
    );
  }
  if ((await gpu.requestAdapter()) === null) {
    throw new EngineError(
      'webgpu',
      'the browser has WebGPU, but no GPU for it',
      "Turn on hardware acceleration in the browser's settings; chrome://gpu says what is missing.",
    );
  }
  try {
    await import('@tensorflow/tfjs-backend-webgpu');
  } catch (cause) {
    throw new EngineError(
      'webgpu',
      '@tensorflow/tfjs-backend-webgpu does not load',
      'Run `npm install @tensorflow/tfjs-backend-webgpu`.',
      { cause },
    );
  }
}

function gpuOf(navigator: unknown): Gpu | undefined {
  // Node 20 has no navigator, later ones have one without a GPU.
  const { gpu }: { readonly gpu?: Gpu } = Object(navigator);
  return gpu;
}
