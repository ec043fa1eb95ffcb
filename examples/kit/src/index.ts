export { metricTable } from './metric-table.js';
export { newRunFolder } from './new-run-folder.js';
export { type ExampleOptions, UsageError } from './options.js';
export { type ExampleApp, type ExampleRun, type Figures, type Runs, runExample } from './run-example.js';
export { validate, validatedSet } from './validate.js';
export { writeResults } from './write-results.js';
