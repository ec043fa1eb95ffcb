export { type BranchedSharingOptions, branchedSharing, type TaskGroups } from './branched-sharing.js';
export { type CrossStitchOptions, crossStitch } from './cross-stitch.js';
export { SharingError } from './errors.js';
export { hardSharing } from './hard-sharing.js';
export { type NddrOptions, nddr } from './nddr.js';
export { type SoftSharingOptions, softSharing } from './soft-sharing.js';
