/** Examples that are read or made when they are asked for; `at` gives the same example every time. */
export interface Dataset<Item> {
  readonly length: number;
  /** The example at a place from 0 to `length` − 1. */
  at(index: number): Item;
}
