export { hardSharing } from './hard-sharing.js';
