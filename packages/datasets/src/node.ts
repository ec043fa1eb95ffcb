export { type SpokenDigit, spokenDigits } from './spoken-digits.js';
