export { type DecodeOptions, decodePicture } from './pictures/decode-picture.js';
export {
  type FacePicture,
  type FaceSet,
  type FacesOptions,
  faceExpressions,
  faces,
} from './pictures/faces.js';
export { type LabelMapOptions, readLabelMap } from './pictures/label-map.js';
export { bccd, bccdClasses, type NamedVocOptions, raccoonClasses, raccoons } from './pictures/named-voc.js';
export { type NucleiOptions, type NucleiPicture, nuclei } from './pictures/nuclei.js';
export {
  type ClassifiedPicture,
  type PictureFolder,
  type PictureFolderOptions,
  readPictureFolder,
} from './pictures/picture-folder.js';
export {
  type PictureRow,
  type PictureTableOptions,
  readPictureTable,
} from './pictures/picture-table.js';
export { readVoc, type VocOptions, type VocPicture } from './pictures/voc.js';
export { type SpokenDigit, spokenDigits } from './spoken-digits.js';
export { ewtPosNer, type TaggedSentence } from './text/ewt-pos-ner.js';
export { readWordVectors } from './text/read-word-vectors.js';
export { type RatedText, type VaderSource, vaderSources, vaderTexts } from './text/vader-texts.js';
export { type XquadLanguage, xquad } from './text/xquad.js';
