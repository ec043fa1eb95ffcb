import { addonSource, installName } from '../cache.js';
import { EngineError } from '../errors.js';
import { type Host, hostProblem } from '../host.js';
import type { TfjsNode } from '../tfjs-node.js';
import { tensorflow } from '../versions.js';

/** A Python wheel, pinned: one version of one file. */
export interface Wheel {
  readonly project: string;
  readonly file: string;
  /** As PyPI published it. */
  readonly sha256: string;
  readonly bytes: number;
  /** What the files that are kept take on the disk. */
  readonly unpacked: number;
  /** Beginnings of the paths that are kept. */
  readonly keep: readonly string[];
}

/** Everything about an install that is decided before it begins. */
export interface Plan {
  readonly name: string;
  readonly tfjsNode: Pick<TfjsNode, 'name' | 'version' | 'folder'>;
  /** The C++ of our own addon, for clusters. */
  readonly addon: string;
  /** TensorFlow, then what it needs. */
  readonly wheels: readonly Wheel[];
  /** What the binding is linked to; paths within the wheels. */
  readonly libraries: readonly string[];
  readonly linkerFlags: readonly string[];
  /** The compiler for a host that has none. */
  readonly zig: { readonly wheel: Wheel; readonly target: string } | undefined;
}

/**
 * What has to be done on this host, for this package.
 *
 * @throws EngineError where PyPI has no TensorFlow for the host.
 */
export function planInstall(host: Host, gpu: boolean, tfjsNode: Plan['tfjsNode']): Plan {
  const problem = hostProblem(host, gpu);
  if (problem) throw new EngineError('native', problem.reason, problem.remedy);
  const common = { name: installName(tfjsNode.version, gpu), tfjsNode, addon: addonSource() };
  if (host.platform === 'darwin') {
    return {
      ...common,
      wheels: [macos],
      libraries: ['tensorflow/libtensorflow_cc.2.dylib', 'tensorflow/libtensorflow_framework.2.dylib'],
      linkerFlags: ['-bundle', '-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/tensorflow'],
      zig: undefined,
    };
  }
  const arm = host.arch === 'arm64';
  return {
    ...common,
    wheels: gpu ? [linuxGpu, ...cuda] : [arm ? linuxArm : linuxCpu],
    libraries: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
    // Relative, so that the folder works wherever it is moved to.
    linkerFlags: ['-shared', '-Wl,-rpath,$ORIGIN/tensorflow'],
    zig: arm
      ? { wheel: zigArm, target: 'aarch64-linux-gnu.2.27' }
      : { wheel: zig, target: 'x86_64-linux-gnu.2.27' },
  };
}

/** The C libraries, and the C headers with what they include. */
const tensorflowFiles = [
  'tensorflow/libtensorflow_',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/c/',
];

/** The libraries are the same for every Python, so any of the wheels will do. */
function tensorflowWheel(
  project: string,
  platform: string,
  bytes: number,
  unpacked: number,
  sha256: string,
): Wheel {
  const file = `${project.replace('-', '_')}-${tensorflow}-cp311-cp311-${platform}.whl`;
  return { project, file, sha256, bytes, unpacked, keep: tensorflowFiles };
}

const linuxCpu = tensorflowWheel(
  'tensorflow-cpu',
  'manylinux_2_27_x86_64',
  273_829_956,
  855_126_756,
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
);
const linuxGpu = tensorflowWheel(
  'tensorflow',
  'manylinux_2_27_x86_64',
  572_440_367,
  1_260_889_703,
  '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
);
const linuxArm = tensorflowWheel(
  'tensorflow',
  'manylinux_2_27_aarch64',
  281_828_020,
  884_880_028,
  '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
);
const macos = tensorflowWheel(
  'tensorflow',
  'macosx_12_0_arm64',
  223_405_849,
  742_623_444,
  '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
);

function cudaWheel(file: string, bytes: number, unpacked: number, sha256: string): Wheel {
  const project = file.split('-', 1)[0]!.replaceAll('_', '-');
  return { project, file, sha256, bytes, unpacked, keep: ['nvidia/'] };
}

/**
 * What the extra `and-cuda` of tensorflow 2.21.0 names for Linux on x64: of each the newest version in its range.
 * TensorFlow looks for them in `nvidia/` beside its own folder, which is where they are unpacked to.
 */
const cuda: readonly Wheel[] = [
  cudaWheel(
    'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    581_217_458,
    855_064_416,
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  ),
  cudaWheel(
    'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
    10_814_997,
    43_365_768,
    '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
  ),
  cudaWheel(
    'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    40_546_229,
    97_998_760,
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
  ),
  cudaWheel(
    'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    89_568_129,
    227_340_992,
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  ),
  cudaWheel(
    'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    3_493_179,
    5_342_176,
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  ),
  cudaWheel(
    'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    716_538_495,
    1_162_393_472,
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  ),
  cudaWheel(
    'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    200_877_592,
    293_609_416,
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  ),
  cudaWheel(
    'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
    68_295_626,
    166_965_432,
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
  ),
  cudaWheel(
    'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    338_117_415,
    494_975_064,
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  ),
  cudaWheel(
    'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    366_465_088,
    486_556_368,
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  ),
  cudaWheel(
    'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
    351_526_311,
    489_653_380,
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  ),
  cudaWheel(
    'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    39_748_338,
    95_935_344,
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  ),
];

const zig: Wheel = {
  project: 'ziglang',
  file: 'ziglang-0.14.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl',
  sha256: '6eb9d4d759b292c83810dbee2e9e8e3fbfbf01d864e6e9811bae711fd74e1c2f',
  bytes: 83_184_072,
  unpacked: 311_860_222,
  keep: ['ziglang/'],
};
const zigArm: Wheel = {
  project: 'ziglang',
  file: 'ziglang-0.14.1-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl',
  sha256: '7994b27f3cbfcedea43f9b7552e38b45857bdf0e9a45065474092dd74e7048cf',
  bytes: 80_233_732,
  unpacked: 298_394_434,
  keep: ['ziglang/'],
};
