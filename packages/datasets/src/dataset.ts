import { DatasetError } from './errors.js';

/** Examples that are read or made when they are asked for; `at` gives the same example for the same place and epoch. */
export interface Dataset<Item> {
  readonly length: number;
  /**
   * The example at a place from 0 to `length` − 1.
   *
   * @param epoch how often all examples were seen before: augmented ones differ from one to the next.
   */
  at(index: number, epoch?: number): Item;
}

/**
 * So many items that are drawn when they are asked for; one at another place is refused with a DatasetError.
 *
 * @param name what one is called.
 */
export function drawnDataset<Item>(
  count: number,
  name: string,
  draw: (index: number) => Item,
): Dataset<Item> {
  return {
    length: count,
    at(index) {
      if (Number.isInteger(index) && index >= 0 && index < count) return draw(index);
      throw new DatasetError(`There is no ${name} ${index}; the ${name}s are 0 to ${count - 1}.`);
    },
  };
}
