import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { BadExamples, type OnBadExample } from '../bad-examples.js';
import { DatasetError } from '../errors.js';
import { decodePicture } from './decode-picture.js';
import type { AnnotatedPicture, ObjectBox } from './picture.js';

export interface VocOptions<Class extends string> {
  /** The folder with `Annotations/`, `ImageSets/Main/` and `JPEGImages/`. */
  readonly folder: string;
  /** The name of a list in `ImageSets/Main/`, such as `train`. */
  readonly split: string;
  /** The classes, in the order in which boxes number them. */
  readonly classes: readonly Class[];
  /** The size that pictures are decoded to; sides are stretched to it. */
  readonly width: number;
  readonly height: number;
  /** `throw` unless given. */
  readonly onBadExample?: OnBadExample;
}

/** A picture of a data set in Pascal VOC's format. */
export interface VocPicture extends AnnotatedPicture {
  /** The name of its file, without the ending. */
  readonly id: string;
  readonly boxes: readonly ObjectBox[];
}

/**
 * Reads a part of a data set in the format of Pascal VOC (M. Everingham et al., "The PASCAL Visual Object Classes
 * Challenge", 2010). Its boxes count pixels from 1, and their last pixels are inside.
 *
 * An example is bad when its picture or annotation is missing, cannot be read, is animated, is not in colour, or has
 * another size than its annotation says; or when a box is of an unknown class, has no area or is not in the picture.
 *
 * @throws DatasetError when there is no such list, no example in it, or a bad one where `onBadExample` is `throw`.
 */
export async function readVoc<Class extends string>({
  folder,
  split,
  classes,
  width,
  height,
  onBadExample = 'throw',
}: VocOptions<Class>): Promise<readonly VocPicture[]> {
  const list = join(folder, 'ImageSets/Main', `${split}.txt`);
  const ids = (await readText(list)).split(/\s*\n/).filter(Boolean);
  const bad = new BadExamples(onBadExample);
  const pictures: VocPicture[] = [];
  for (const [line, id] of ids.entries()) {
    const where = `${list}:${line + 1}`;
    const example = await readExample({ folder, id, where, classes, width, height }, bad);
    if (example !== undefined) pictures.push(example);
  }
  bad.report(list, ids.length);
  if (pictures.length === 0) throw new DatasetError(`${list}: names no example that can be read.`);
  return pictures;
}

interface ExamplePlace {
  readonly folder: string;
  readonly id: string;
  /** The line that names it. */
  readonly where: string;
  readonly classes: readonly string[];
  readonly width: number;
  readonly height: number;
}

async function readExample(
  { folder, id, where, classes, width, height }: ExamplePlace,
  bad: BadExamples,
): Promise<VocPicture | undefined> {
  const annotationFile = join(folder, 'Annotations', `${id}.xml`);
  let xml: string;
  try {
    xml = await readFile(annotationFile, 'utf8');
  } catch (cause) {
    bad.add(where, 'its annotation is missing', annotationFile, cause);
    return undefined;
  }
  const annotation = parseAnnotation(xml);
  if ('fault' in annotation) {
    bad.add(`${annotationFile}:${annotation.line}`, annotation.fault);
    return undefined;
  }
  const boxes: ObjectBox[] = [];
  for (const object of annotation.objects) {
    const fault = faultOf(object, annotation, classes);
    if (fault !== undefined) {
      bad.add(`${annotationFile}:${object.line}`, fault, describe(object));
      return undefined;
    }
    boxes.push(boxOf(object, annotation, classes));
  }
  const pictureFile = join(folder, 'JPEGImages', annotation.filename ?? `${id}.jpg`);
  try {
    return { id, picture: await decodePicture(pictureFile, { width, height, fileSize: annotation }), boxes };
  } catch (cause) {
    if (!(cause instanceof DatasetError)) throw cause;
    bad.add(pictureFile, cause.message, '', cause.cause);
    return undefined;
  }
}

interface VocObject {
  readonly name: string;
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
  /** The line of its annotation on which it begins. */
  readonly line: number;
}

interface Annotation {
  readonly filename: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly objects: readonly VocObject[];
}

const parser = new XMLParser({ isArray: (name) => name === 'object', parseTagValue: false });

function parseAnnotation(xml: string): Annotation | { readonly fault: string; readonly line: number } {
  const valid = XMLValidator.validate(xml);
  if (valid !== true) return { fault: 'it is no whole XML', line: valid.err.line };
  const { annotation } = parser.parse(xml) as { annotation?: RawAnnotation };
  const width = Number(annotation?.size?.width);
  const height = Number(annotation?.size?.height);
  if (!(width > 0 && height > 0)) return { fault: 'it does not give the size of its picture', line: 1 };
  const lines = linesOf(xml, '<object>');
  const objects = (annotation?.object ?? []).map(({ name = '', bndbox = {} }, index) => ({
    name,
    xmin: Number(bndbox.xmin),
    ymin: Number(bndbox.ymin),
    xmax: Number(bndbox.xmax),
    ymax: Number(bndbox.ymax),
    line: lines[index] ?? 1,
  }));
  return { filename: annotation?.filename, width, height, objects };
}

interface RawAnnotation {
  readonly filename?: string;
  readonly size?: { readonly width?: string; readonly height?: string };
  readonly object?: readonly {
    readonly name?: string;
    readonly bndbox?: Readonly<Partial<Record<'xmin' | 'ymin' | 'xmax' | 'ymax', string>>>;
  }[];
}

function faultOf(
  { name, xmin, ymin, xmax, ymax }: VocObject,
  { width, height }: Annotation,
  classes: readonly string[],
): string | undefined {
  if (!classes.includes(name)) return 'a box is of an unknown class';
  if (![xmin, ymin, xmax, ymax].every(Number.isFinite)) return 'a box lacks a side';
  if (xmax < xmin || ymax < ymin) return 'a box has no area';
  if (xmin < 1 || ymin < 1 || xmax > width || ymax > height) return 'a box is not inside the picture';
  return undefined;
}

function describe({ name, xmin, ymin, xmax, ymax }: VocObject): string {
  return `"${name}" from ${xmin}, ${ymin} to ${xmax}, ${ymax}`;
}

function boxOf(
  { name, xmin, ymin, xmax, ymax }: VocObject,
  { width, height }: Annotation,
  classes: readonly string[],
): ObjectBox {
  return {
    class: classes.indexOf(name),
    x: (xmin - 1) / width,
    y: (ymin - 1) / height,
    width: (xmax - xmin + 1) / width,
    height: (ymax - ymin + 1) / height,
  };
}

/** The lines on which a text stands, in order. */
function linesOf(text: string, wanted: string): number[] {
  return text
    .split('\n')
    .flatMap((line, index) => Array<number>(line.split(wanted).length - 1).fill(index + 1));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new DatasetError(`${file} cannot be read; expected the list of a part of a Pascal VOC data set.`, {
      cause,
    });
  }
}
