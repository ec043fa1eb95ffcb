/** A rectangle in a picture, in fractions of its width and height, from 0 to 1. */
export interface Rectangle {
  /** The left edge. */
  readonly x: number;
  /** The upper edge. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The box of an object, and the object's class as a place in the data set's classes. */
export interface ObjectBox extends Rectangle {
  readonly class: number;
}

/** A point in a picture, in fractions of its width and height. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A picture's values. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** height × width × channels values in row-major order, from 0 (dark) to 1 (bright). */
  readonly pixels: Float32Array;
}

/** A picture and what people marked in it. */
export interface AnnotatedPicture {
  readonly picture: Picture;
  readonly boxes?: readonly ObjectBox[];
  /** Points in an order that means something, such as the corners of a mouth; `undefined` where one is not seen. */
  readonly landmarks?: readonly (Point | undefined)[];
  /** For every pixel the number of its class or instance, in row-major order; 0 is the background. */
  readonly mask?: Int32Array;
}
