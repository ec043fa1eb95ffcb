import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tensorflow } from '../versions.js';
import type { Plan, Wheel } from './plan.js';
import { run } from './run.js';
import { isKept } from './unpack.js';

/** A wheel that pip has installed: its version, and for each path in the wheel where it lies. */
interface Distribution {
  readonly version: string;
  readonly files: readonly (readonly [path: string, place: string])[];
}

/** Asks Python, without importing TensorFlow, which takes seconds. */
const program = `
import importlib.metadata as metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    files = [[str(file), str(file.locate())] for file in distribution.files or []]
    found[name] = {'version': distribution.version, 'files': files}
print(json.dumps(found))
`;

/** What a plan wants of what pip has installed: paths in the wheels, and where they lie. Undefined where something is missing. */
export async function installedByPip(
  plan: Pick<Plan, 'wheels' | 'libraries'>,
): Promise<Map<string, string> | undefined> {
  const names = plan.wheels.flatMap(({ project }) => alternatives(project));
  const ended = await run('python3', ['-c', program, ...names]);
  if (ended?.code !== 0) return undefined;
  const found: Record<string, Distribution> = JSON.parse(ended.stdout);
  const places = new Map<string, string>();
  for (const wheel of plan.wheels) {
    const distribution = alternatives(wheel.project)
      .map((name) => found[name])
      .find((distribution) => distribution && fits(wheel, distribution));
    if (!distribution) return undefined;
    for (const [path, place] of distribution.files) {
      if (isKept(wheel, path) && existsSync(place)) places.set(path, place);
    }
  }
  return plan.libraries.every((library) => places.has(library)) ? places : undefined;
}

/** TensorFlow with CUDA runs without a GPU as well. */
function alternatives(project: string): string[] {
  return project === 'tensorflow-cpu' ? [project, 'tensorflow'] : [project];
}

/** Any patch of TensorFlow's version has the same C interface. The CUDA wheels are those that pip chose for it. */
function fits({ project }: Wheel, { version }: Distribution): boolean {
  const [major, minor] = tensorflow.split('.');
  return !project.startsWith('tensorflow') || version.startsWith(`${major}.${minor}.`);
}

/** A second name for the same file, so that it takes no room and stays when pip removes its own; else a copy. */
export async function linkFiles(places: ReadonlyMap<string, string>, folder: string): Promise<void> {
  for (const [path, place] of places) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await link(place, target).catch(() => copyFile(place, target, constants.COPYFILE_FICLONE));
  }
}
