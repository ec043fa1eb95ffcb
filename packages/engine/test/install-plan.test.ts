import { describe, expect, test } from 'vitest';
import { type Host, hostProblem } from '../src/host.js';
import { planInstall } from '../src/install/plan.js';
import { isKept } from '../src/install/unpack.js';

const linux: Host = { platform: 'linux', arch: 'x64', avx: true, glibc: '2.36' };
const tfjsNode = { name: '@tensorflow/tfjs-node-gpu', version: '4.22.0', folder: '/tfjs-node-gpu' };

describe('what cannot be done is said at once', () => {
  test.each<[string, Partial<Host>, boolean, RegExp, RegExp]>([
    ['Windows', { platform: 'win32' }, false, /wheels for Windows have no C library/, /WSL 2/],
    [
      'Macs with Intel',
      { platform: 'darwin', glibc: undefined },
      false,
      /no TensorFlow 2\.21\.0 for darwin on x64/,
      /arm64/,
    ],
    ['32-bit ARM', { arch: 'arm' }, false, /for linux on arm/, /arm64/],
    ['musl', { glibc: undefined }, false, /musl/, /node:22-slim/],
    ['an old glibc', { glibc: '2.17' }, false, /2\.27, and this Linux has 2\.17/, /newer Linux/],
    ['a CPU without AVX', { avx: false }, false, /AVX/, /wasm/],
    ['CUDA on ARM', { arch: 'arm64' }, true, /CUDA wheels are for Linux on x64/, /without --gpu/],
    ['CUDA on a Mac', { platform: 'darwin', arch: 'arm64' }, true, /CUDA wheels/, /without --gpu/],
  ])('%s', (_, host, gpu, reason, remedy) => {
    expect(() => planInstall({ ...linux, ...host }, gpu, tfjsNode)).toThrow(
      expect.objectContaining({
        name: 'EngineError',
        reason: expect.stringMatching(reason),
        remedy: expect.stringMatching(remedy),
      }),
    );
  });

  test.each<[string, Partial<Host>]>([
    ['Linux on x64', {}],
    ['Linux on ARM', { arch: 'arm64', avx: false }],
    ['macOS on ARM', { platform: 'darwin', arch: 'arm64', avx: false, glibc: undefined }],
  ])('%s has no problem', (_, host) => {
    expect(hostProblem({ ...linux, ...host }, false)).toBeUndefined();
  });
});

describe('a plan', () => {
  test.each([
    ['x64', false, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'],
    ['x64', true, 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'],
    ['arm64', false, 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl'],
  ])('for Linux on %s, GPU %s, takes %s', (arch, gpu, file) => {
    const { wheels, zig } = planInstall({ ...linux, arch }, gpu, tfjsNode);
    expect(wheels[0]!.file).toBe(file);
    expect(zig?.target).toMatch(arch === 'x64' ? 'x86_64' : 'aarch64');
    for (const { sha256 } of [...wheels, zig!.wheel]) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('with CUDA has all that the extra and-cuda of tensorflow 2.21.0 names', () => {
    const { wheels } = planInstall(linux, true, tfjsNode);
    // Requires-Dist of tensorflow-2.21.0's METADATA.
    const parts =
      'cublas cuda-cupti cuda-nvcc cuda-nvrtc cuda-runtime cudnn cufft curand cusolver cusparse nccl nvjitlink';
    expect(wheels.slice(1).map(({ project }) => project)).toEqual(
      parts.split(' ').map((part) => `nvidia-${part}-cu12`),
    );
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(wheels.length);
    expect(isKept(wheels[6]!, 'nvidia/cudnn/lib/libcudnn.so.9')).toBe(true);
    expect(isKept(wheels[6]!, 'nvidia/cudnn/include/cudnn.h')).toBe(false);
  });

  test('keeps the libraries and the C headers of TensorFlow only', () => {
    const [wheel] = planInstall(linux, false, tfjsNode).wheels;
    expect(isKept(wheel!, 'tensorflow/libtensorflow_cc.so.2')).toBe(true);
    expect(isKept(wheel!, 'tensorflow/include/tensorflow/c/eager/c_api.h')).toBe(true);
    expect(isKept(wheel!, 'tensorflow/include/tensorflow/core/framework/op.h')).toBe(false);
    expect(isKept(wheel!, 'tensorflow/python/keras/models.py')).toBe(false);
  });
});
