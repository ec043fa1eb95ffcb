export type { Figures, Runs } from './figures.js';
export { metricTable } from './metric-table.js';
export { newRunFolder } from './new-run-folder.js';
export { engineOf, UsageError } from './options.js';
export { type ExampleApp, type ExampleRun, runExample } from './run-example.js';
export { validate, validatedSet } from './validate.js';
export { writeResults } from './write-results.js';
