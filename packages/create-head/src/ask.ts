import { resolve } from 'node:path';
import { cancel, intro, isCancel, select, text } from '@clack/prompts';
import type { Choices, Domain, Kind } from './choices.js';
import { checkFree } from './create.js';
import { CreateError } from './errors.js';
import { namesOf } from './names.js';

/** Asks for what is not known yet. Undefined when the person breaks off. */
export async function ask(
  known: { [Key in keyof Choices]: Choices[Key] | undefined },
): Promise<Choices | undefined> {
  intro('A new task head for espalier');
  const folder =
    known.folder ??
    (await text({
      message: 'In which folder?',
      placeholder: 'my-head',
      defaultValue: 'my-head',
      validate: problem,
    }));
  if (isCancel(folder)) return broken();
  const domain =
    known.domain ??
    (await select<Domain>({
      message: 'What does it work on?',
      options: [
        { value: 'vision', label: 'Pictures', hint: 'features of [height, width, channels]' },
        { value: 'text', label: 'Text', hint: 'features of [length, channels]' },
        { value: 'sound', label: 'Sound', hint: 'features of [frames, channels]' },
      ],
    }));
  if (isCancel(domain)) return broken();
  const kind =
    known.kind ??
    (await select<Kind>({
      message: 'What does it say about an example?',
      options: [
        { value: 'classification', label: 'Classification', hint: 'one of several classes' },
        { value: 'dense', label: 'Dense', hint: 'a class for every pixel, letter or moment' },
        { value: 'sequence', label: 'Sequence', hint: 'a list of symbols of any length up to a longest' },
      ],
    }));
  if (isCancel(kind)) return broken();
  return { folder, domain, kind };
}

/** What is wrong with a folder, to be said while it is typed. */
function problem(folder: string | undefined): string | undefined {
  if (folder === undefined || folder === '') return undefined;
  try {
    namesOf(resolve(folder));
    checkFree(resolve(folder));
    return undefined;
  } catch (error) {
    if (error instanceof CreateError) return error.message;
    throw error;
  }
}

function broken(): undefined {
  cancel('Nothing was made.');
  return undefined;
}
