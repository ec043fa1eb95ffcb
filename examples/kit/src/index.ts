export { type ExampleOptions, UsageError } from './options.js';
export { type ExampleApp, type Figures, runExample } from './run-example.js';
