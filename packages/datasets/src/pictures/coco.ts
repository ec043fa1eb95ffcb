import { type BadExample, BadExamples, type OnBadExample } from '../bad-examples.js';
import { DatasetError, messageOf } from '../errors.js';
import { CocoFault, cocoMask, type Polygons, type RunLengths } from './coco-masks.js';
import type { ObjectBox } from './picture.js';
import type { SegmentMap } from './segment-map.js';

/** An object of a picture. */
export interface CocoObject extends ObjectBox {
  readonly id: number;
  /** Many objects that nobody took apart. */
  readonly crowd: boolean;
}

/** What is known about a picture. */
export interface CocoPicture {
  readonly id: number;
  /** As the annotation file names it. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly objects: readonly CocoObject[];
  /** The objects' pixels, a segment an object in the order of `objects`; where several overlap, the smaller ones. */
  segments(): SegmentMap;
}

/** What a COCO instances file says. */
export interface CocoInstances {
  /** The names of the categories, in the order of the file. */
  readonly classes: readonly string[];
  readonly pictures: readonly CocoPicture[];
  /** The pictures and annotations that were left out. */
  readonly leftOut: readonly BadExample[];
}

export interface CocoOptions {
  /** The file's name, for messages. */
  readonly file?: string;
  /** `throw` unless given. A bad annotation is left out of its picture, and the picture stays. */
  readonly onBadExample?: OnBadExample;
}

interface Annotation {
  readonly object: CocoObject;
  readonly mask: () => Uint8Array;
}

/**
 * Reads the text of a COCO instances file (`instances_*.json`): polygons, and masks in run-length encoding, compressed
 * or not.
 *
 * T.-Y. Lin et al., "Microsoft COCO", ECCV 2014; the format is at https://cocodataset.org/#format-data
 *
 * @throws DatasetError when the text is not such a file, or an annotation cannot be used and is not to be skipped.
 */
export function parseCoco(
  text: string,
  { file = 'instances.json', onBadExample = 'throw' }: CocoOptions = {},
): CocoInstances {
  const { images, annotations, categories } = readParts(text, file);
  const bad = new BadExamples(onBadExample);
  const classes = categories.map(({ name }) => String(name));
  const classOf = new Map(categories.map(({ id }, index) => [id, index]));
  const pictures = new Map<unknown, { width: number; height: number; file: string; own: Annotation[] }>();
  for (const [index, { id, width, height, file_name: name }] of images.entries()) {
    if (isSize(width) && isSize(height) && typeof name === 'string') {
      pictures.set(id, { width, height, file: name, own: [] });
    } else {
      const where = `${file}: images[${index}] (id ${id})`;
      bad.add(where, 'it has no file_name, or no size in whole pixels', `${name}, ${width} × ${height}`);
    }
  }
  for (const [index, annotation] of annotations.entries()) {
    try {
      const picture = pictures.get(annotation.image_id);
      if (picture === undefined) {
        throw new CocoFault('its picture is not among the images', `image_id ${annotation.image_id}`);
      }
      picture.own.push(readAnnotation(annotation, picture, classOf));
    } catch (cause) {
      if (!(cause instanceof CocoFault)) throw cause;
      bad.add(`${file}: annotations[${index}] (id ${annotation.id})`, cause.fault, cause.detail);
    }
  }
  bad.report(file, images.length + annotations.length);
  return {
    classes,
    leftOut: bad.found,
    pictures: [...pictures].map(([id, { own, ...picture }]) => ({
      id: Number(id),
      ...picture,
      objects: own.map(({ object }) => object),
      segments: () => paint(own, picture),
    })),
  };
}

type Entry = Readonly<Record<string, unknown>>;

function readParts(text: string, file: string): Record<'images' | 'annotations' | 'categories', Entry[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const message = messageOf(cause);
    const position = /position (\d+)/.exec(message);
    const line = position === null ? '' : `:${text.slice(0, Number(position[1])).split('\n').length}`;
    throw new DatasetError(`${file}${line}: is not JSON: ${message}`, { cause });
  }
  const part = (name: string): Entry[] => {
    const list = isEntry(parsed) ? parsed[name] : undefined;
    if (Array.isArray(list) && list.every(isEntry)) return list;
    throw new DatasetError(
      `${file}: has no list "${name}"; expected a COCO file with images, annotations and categories.`,
    );
  };
  return { images: part('images'), annotations: part('annotations'), categories: part('categories') };
}

function readAnnotation(
  annotation: Entry,
  size: { width: number; height: number },
  classOf: ReadonlyMap<unknown, number>,
): Annotation {
  const index = classOf.get(annotation.category_id);
  if (index === undefined) {
    throw new CocoFault('its class is not among the categories', `category_id ${annotation.category_id}`);
  }
  const segmentation = readSegmentation(annotation.segmentation);
  // Read once to see that it can be; kept as it came, since masks are large.
  const mask = cocoMask(segmentation, size);
  if (!mask.includes(1)) throw new CocoFault('its mask has no pixel in the picture');
  const { bbox } = annotation;
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite)) {
    throw new CocoFault('its bbox is not [x, y, width, height]', JSON.stringify(bbox));
  }
  const [x, y, width, height] = bbox;
  // Boxes around polygons end between pixels; a pixel's width outside is rounding.
  const inside = x >= -1 && y >= -1 && x + width <= size.width + 1 && y + height <= size.height + 1;
  if (!inside || width <= 0 || height <= 0) {
    throw new CocoFault(
      'its bbox has no area, or is not in the picture',
      `[${bbox.join(', ')}] in ${size.width} × ${size.height}`,
    );
  }
  return {
    object: {
      id: Number(annotation.id),
      class: index,
      ...clipped(x, width, size.width, 'x', 'width'),
      ...clipped(y, height, size.height, 'y', 'height'),
      crowd: annotation.iscrowd === 1,
    },
    mask: () => cocoMask(segmentation, size),
  };
}

/** A side of a box inside the picture, in fractions of the picture's. */
function clipped<Start extends string, Length extends string>(
  start: number,
  length: number,
  size: number,
  startName: Start,
  lengthName: Length,
): Record<Start | Length, number> {
  const first = Math.max(start, 0) / size;
  const last = Math.min(start + length, size) / size;
  return { [startName]: first, [lengthName]: last - first } as Record<Start | Length, number>;
}

function readSegmentation(segmentation: unknown): RunLengths | Polygons {
  if (Array.isArray(segmentation) && segmentation.length > 0 && segmentation.every(isNumbers))
    return segmentation;
  if (isEntry(segmentation)) {
    const { size, counts } = segmentation;
    if (isNumbers(size) && size.length === 2 && (typeof counts === 'string' || isNumbers(counts))) {
      return { size: [size[0], size[1]], counts };
    }
  }
  throw new CocoFault('its segmentation is neither polygons nor run lengths');
}

/** The larger objects first, so that the smaller ones are on top. */
function paint(own: readonly Annotation[], { width, height }: { width: number; height: number }): SegmentMap {
  const values = new Int32Array(width * height);
  const masks = own.map(({ mask }, index) => {
    const pixels = mask();
    return { index, pixels, area: pixels.reduce((sum, inside) => sum + inside, 0) };
  });
  for (const { index, pixels } of masks.sort((a, b) => b.area - a.area)) {
    for (let pixel = 0; pixel < values.length; pixel++) if (pixels[pixel] === 1) values[pixel] = index + 1;
  }
  const segments = own.map(({ object }) => ({ class: object.class, crowd: object.crowd }));
  return { width, height, values, segments };
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number');
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
