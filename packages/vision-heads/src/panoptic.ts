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
  const areas = new Map<number, number>();
  for (const [pixel, index] of semantic.values.entries()) {
    if (instances.values[pixel] <= 0) areas.set(index, (areas.get(index) ?? 0) + 1);
  }
  const places = new Map<number, number>();
  for (const [index, area] of areas) {
    const label = semantic.classes[index];
    if (label === undefined || things.includes(label) || area < leastStuffArea) continue;
    segments.push({ class: index, label });
    places.set(index, segments.length);
  }
  const values = Int32Array.from(semantic.values, (index, pixel) =>
    instances.values[pixel] > 0 ? instances.values[pixel] : (places.get(index) ?? 0),
  );
  return { width: semantic.width, height: semantic.height, values, segments };
}
