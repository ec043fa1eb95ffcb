export { default } from './points.js';
