export type { ExampleHeadOptions, ExampleHeadPrediction } from './example-head.js';
export { exampleHead } from './example-head.js';
