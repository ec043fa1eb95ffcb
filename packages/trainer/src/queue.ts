export type { Fingerprint, SharedConditions } from './grid/queue/fingerprint.js';
export type { QueueOptions } from './grid/queue/job-queue.js';
export { type QueuedOptions, queued } from './grid/queue/queued.js';
export { type WorkOptions, workOnGrid } from './grid/queue/work-on-grid.js';
