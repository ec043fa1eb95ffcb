export { type ConformanceCheck, ConformanceError } from './conformance.js';
export { type HeadUnderTest, headConformance } from './head-conformance.js';
export { type SharingUnderTest, sharingConformance } from './sharing-conformance.js';
