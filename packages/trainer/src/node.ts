export { FileError } from './errors.js';
export { consoleProgress, type Progress } from './progress.js';
export { type Report, type ReportSection, writeReport } from './report.js';
export { load, save } from './save.js';
