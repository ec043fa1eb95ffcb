export { type BranchedSharingOptions, branchedSharing, type TaskGroups } from './branched-sharing.js';
export { SharingError } from './errors.js';
export { hardSharing } from './hard-sharing.js';
