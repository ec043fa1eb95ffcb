export { type RunFolderOptions, runFolder } from './checkpoints/run-folder.js';
export { FileError } from './errors.js';
export { compareGrid, type GridOptions } from './grid/compare-grid.js';
export { type GridAxes, type GridJob, gridJobs } from './grid/jobs.js';
export type { FailedJob, GridTask, JobResult } from './grid/run-job.js';
export type { GridRow, GridSummary } from './grid/summary.js';
export { consoleProgress, type Progress } from './progress.js';
export { type Report, type ReportSection, writeReport } from './report.js';
export { load, save } from './save.js';
