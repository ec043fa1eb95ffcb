import { checkSameSize, type FoundSegment, type Segment, type SegmentMap } from './label-map.js';
import type { SegmentedPicture } from './semantic-segmentation.js';

export interface PanopticOptions {
  /** Regions of stuff of fewer pixels are left out; 0 unless given. */
  readonly leastStuffArea?: number;
}

/**
 * A panoptic map: every object that the instances show, and around them, of each other class of the semantic map, one
 * segment of all its pixels. Pixels that the semantic map gives to a class of objects, and no instance covers, belong
 * to no segment. The classes are the semantic map's; objects find theirs by name.
 *
 * A. Kirillov et al., "Panoptic Segmentation", CVPR 2019, section 7: instances go before stuff.
 *
 * @throws RangeError when the maps have different sizes or an object's class is not one of the semantic map's.
 */
export function mergePanoptic<Class extends string>(
  semantic: SegmentedPicture<Class>,
  instances: SegmentMap<FoundSegment<NoInfer<Class>>>,
  things: readonly NoInfer<Class>[],
  { leastStuffArea = 0 }: PanopticOptions = {},
): SegmentMap<Segment & { readonly label: Class }> {
  checkSameSize(instances, semantic);
  const segments = instances.segments.map(({ label }) => {
    const index = semantic.classes.indexOf(label);
    if (index < 0) {
      throw new RangeError(
        `Found an object of the class "${label}"; expected one of ${semantic.classes.join(', ')}.`,
      );
    }
    return { class: index, label: semantic.classes[index] };
  });
  const areas = stuffAreas(semantic, instances);
  const places = new Int32Array(areas.length);
  for (const [index, label] of semantic.classes.entries()) {
    if (areas[index] === 0 || things.includes(label) || areas[index] < leastStuffArea) continue;
    segments.push({ class: index, label });
    places[index] = segments.length;
  }
  const values = Int32Array.from(instances.values);
  for (let pixel = 0; pixel < values.length; pixel++) {
    if (values[pixel] <= 0) values[pixel] = places[semantic.values[pixel]] ?? 0;
  }
  return { width: semantic.width, height: semantic.height, values, segments };
}

/** The pixels of every class of the semantic map that no object covers. */
function stuffAreas({ values, classes }: SegmentedPicture, instances: SegmentMap): Int32Array {
  const areas = new Int32Array(classes.length);
  for (let pixel = 0; pixel < values.length; pixel++) {
    if (instances.values[pixel] <= 0) areas[values[pixel]]++;
  }
  return areas;
}
