export { type FetchOptions, fetchWeights, readWeights } from './weights/files.js';
