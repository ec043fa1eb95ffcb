import { basename } from 'node:path';
import validate from 'validate-npm-package-name';
import { CreateError } from './errors.js';

/** What the parts of a package are called. */
export interface Names {
  /** `my-head`: the package, and its files. */
  readonly package: string;
  /** `myHead`: the function that makes the head. */
  readonly factory: string;
  /** `MyHead`: the beginning of its types. */
  readonly type: string;
}

/**
 * The names that follow from a folder's.
 *
 * @throws CreateError when npm does not take the name, or no TypeScript name can be made of it.
 */
export function namesOf(folder: string): Names {
  const name = basename(folder);
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  if (!validForNewPackages) {
    throw new CreateError(
      `"${name}" cannot be a package's name: ${[...errors, ...warnings].join('; ')}. Give a folder with another name.`,
    );
  }
  const words = name.split(/[^a-z0-9]+/).filter((word) => word !== '');
  const type = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  if (!/^[A-Z]/.test(type)) {
    throw new CreateError(
      `"${name}" does not begin with a letter, so that no function can be called after it. Give another name.`,
    );
  }
  const factory = type[0].toLowerCase() + type.slice(1);
  // `new` or `head` alone would be a keyword, or hide what they are beside.
  return words.length > 1
    ? { package: name, factory, type }
    : { package: name, factory: `${factory}Head`, type: `${type}Head` };
}
