import { addon, tensorflow } from './versions.js';

/** An installed TensorFlow with the binding that was compiled against it. */
export interface Installed {
  readonly folder: string;
  readonly binding: string;
  readonly gpu: boolean;
}

/** Where installed libraries lie, for all projects of a user. */
export function cacheFolder(): string {
  const { join } = process.getBuiltinModule('node:path');
  const { homedir } = process.getBuiltinModule('node:os');
  const { ESPALIER_CACHE: espalier, XDG_CACHE_HOME: xdg }: Record<string, string | undefined> = process.env;
  return join(espalier || join(xdg || join(homedir(), '.cache'), 'espalier'), 'engine');
}

/** The name says everything that makes one install differ from another: what is there fits, or has another name. */
export function installName(tfjs: string, gpu: boolean): string {
  const device = gpu ? 'gpu' : 'cpu';
  return `tensorflow-${tensorflow}-${device}-tfjs-${tfjs}-${process.platform}-${process.arch}`;
}

/** The binding in an install's folder. */
export const bindingFile = 'tfjs_binding.node';

/** The C++ of our own addon. It lies beside `dist` once it is installed, and beside `src` here. */
export function addonSource(): string {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  return ['../native/runtime.cc', '../../native/runtime.cc']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path))!;
}

/** Our addon in an install's folder. */
export const addonFile = `${addon}.node`;

/** What is installed for this version of tfjs; the one for GPUs first, which runs without a GPU too. */
export function findInstalled(tfjs: string): Installed | undefined {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  return [true, false]
    .map((gpu) => {
      const folder = join(cacheFolder(), installName(tfjs, gpu));
      return { folder, binding: join(folder, bindingFile), gpu };
    })
    .find(({ binding }) => existsSync(binding));
}

/** The names of all installs, those for other versions too. */
export function listInstalled(): string[] {
  const { existsSync, readdirSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const folder = cacheFolder();
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(
    (name) => !name.startsWith('.') && existsSync(join(folder, name, bindingFile)),
  );
}
