import { tensorflow } from './versions.js';

/** What decides whether PyPI's TensorFlow runs on a machine. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Has the CPU the AVX instructions? Asked of x64 only. */
  readonly avx: boolean;
  /** The version of the GNU C library; undefined where the C library is another one. Asked of Linux only. */
  readonly glibc: string | undefined;
}

/** Why something cannot be, and what to do about it. */
export interface Problem {
  readonly reason: string;
  readonly remedy: string;
}

const useWasm = "Use engine.use('wasm'), which needs no installation";

/**
 * TensorFlow ends the whole process where a CPU lacks the instructions that it was built with, so this is asked
 * before it is loaded.
 */
export function cpuProblem({ arch, avx }: Pick<Host, 'arch' | 'avx'>): Problem | undefined {
  if (arch !== 'x64' || avx) return undefined;
  return {
    reason: 'TensorFlow needs the AVX instructions, which this CPU does not have',
    remedy: `${useWasm}.`,
  };
}

/** Why PyPI has no TensorFlow for a machine that could be linked to. */
export function hostProblem(host: Host, gpu: boolean): Problem | undefined {
  const { platform, arch, glibc } = host;
  const known: Record<string, readonly string[]> = { linux: ['x64', 'arm64'], darwin: ['arm64'] };
  if (platform === 'win32') {
    return {
      reason: "the TensorFlow wheels for Windows have no C library: it is inside Python's module",
      remedy: `Run the program in WSL 2. ${useWasm}.`,
    };
  }
  if (!known[platform]?.includes(arch)) {
    return {
      reason: `there is no TensorFlow ${tensorflow} for ${platform} on ${arch}`,
      remedy: `There is for Linux on x64 and arm64, and for macOS on arm64. ${useWasm}.`,
    };
  }
  if (platform === 'linux' && glibc === undefined) {
    return {
      reason: 'TensorFlow is built for the GNU C library, and this Linux has another one (musl)',
      remedy: `Take an image with glibc, such as node:22-slim. ${useWasm}.`,
    };
  }
  if (platform === 'linux' && isOlder(glibc!, '2.27')) {
    return {
      reason: `TensorFlow needs the GNU C library 2.27, and this Linux has ${glibc}`,
      remedy: `Take a newer Linux. ${useWasm}.`,
    };
  }
  if (gpu && (platform !== 'linux' || arch !== 'x64')) {
    return {
      reason: `TensorFlow's CUDA wheels are for Linux on x64, not for ${platform} on ${arch}`,
      remedy: 'Install without --gpu.',
    };
  }
  return cpuProblem(host);
}

/** Reads /proc rather than asking a library: it is asked each time that native starts. */
export function hasAvx(): boolean {
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
  if (process.arch !== 'x64' || !existsSync('/proc/cpuinfo')) return true;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return flags === undefined || flags.split(' ').includes('avx');
}

export function thisHost(): Host {
  return { platform: process.platform, arch: process.arch, avx: hasAvx(), glibc: glibcVersion() };
}

function glibcVersion(): string | undefined {
  const report: { header?: { glibcVersionRuntime?: string } } = process.report?.getReport() ?? {};
  return report.header?.glibcVersionRuntime;
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [majorThan = 0, minorThan = 0] = than.split('.').map(Number);
  return major < majorThan || (major === majorThan && minor < minorThan);
}
