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
