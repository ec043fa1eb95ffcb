export { type DecodeOptions, decodePicture } from './pictures/decode-picture.js';
export { bccd, bccdClasses, type NamedVocOptions, raccoonClasses, raccoons } from './pictures/named-voc.js';
export { readVoc, type VocOptions, type VocPicture } from './pictures/voc.js';
export { type SpokenDigit, spokenDigits } from './spoken-digits.js';
export { ewtPosNer, type TaggedSentence } from './text/ewt-pos-ner.js';
export { type RatedText, type VaderSource, vaderSources, vaderTexts } from './text/vader-texts.js';
