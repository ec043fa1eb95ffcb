declare module 'fft.js' {
  export default class FFT {
    constructor(size: number);
    createComplexArray(): number[];
    /** Fills the first half and the middle of `output`: real and imaginary parts in turn. */
    realTransform(output: number[], input: readonly number[]): void;
  }
}
