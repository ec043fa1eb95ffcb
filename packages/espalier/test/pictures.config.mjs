export { default } from './pictures.js';
