export type Gender = 'm' | 'f' | 'n';

/** A noun in English and German, singular and plural. */
export interface Noun {
  readonly english: readonly [string, string];
  readonly german: readonly [string, string];
  readonly gender: Gender;
}

/** A verb in English: third person singular, base form, participle; in German: third person singular and plural, participle. */
export interface Verb {
  readonly english: readonly [string, string, string];
  readonly german: readonly [string, string, string];
}

const noun = (gender: Gender, english: string, german: string): Noun => ({
  english: pairOf(english),
  german: pairOf(german),
  gender,
});

const verb = (english: string, german: string): Verb => ({
  english: tripleOf(english),
  german: tripleOf(german),
});

function pairOf(words: string): [string, string] {
  const [first, second] = words.split(' ');
  return [first, second];
}

function tripleOf(words: string): [string, string, string] {
  const [first, second, third] = words.split(' ');
  return [first, second, third];
}

/** Names are the same in both languages. */
export const names: readonly { readonly name: string; readonly gender: 'm' | 'f' }[] = [
  { name: 'Anna', gender: 'f' },
  { name: 'Ben', gender: 'm' },
  { name: 'Clara', gender: 'f' },
  { name: 'David', gender: 'm' },
  { name: 'Emma', gender: 'f' },
  { name: 'Felix', gender: 'm' },
  { name: 'Greta', gender: 'f' },
  { name: 'Henry', gender: 'm' },
];

/** Those who do something. */
export const beings: readonly Noun[] = [
  noun('m', 'dog dogs', 'Hund Hunde'),
  noun('f', 'cat cats', 'Katze Katzen'),
  noun('n', 'horse horses', 'Pferd Pferde'),
  noun('m', 'bird birds', 'Vogel Vögel'),
  noun('n', 'child children', 'Kind Kinder'),
  noun('f', 'woman women', 'Frau Frauen'),
  noun('m', 'man men', 'Mann Männer'),
  noun('m', 'king kings', 'König Könige'),
];

/** What something is done with. */
export const things: readonly Noun[] = [
  noun('m', 'ball balls', 'Ball Bälle'),
  noun('f', 'lamp lamps', 'Lampe Lampen'),
  noun('n', 'book books', 'Buch Bücher'),
  noun('m', 'chair chairs', 'Stuhl Stühle'),
  noun('f', 'flower flowers', 'Blume Blumen'),
  noun('n', 'picture pictures', 'Bild Bilder'),
  noun('m', 'letter letters', 'Brief Briefe'),
  noun('f', 'bag bags', 'Tasche Taschen'),
  noun('n', 'glass glasses', 'Glas Gläser'),
  noun('m', 'apple apples', 'Apfel Äpfel'),
  noun('f', 'clock clocks', 'Uhr Uhren'),
  noun('n', 'boat boats', 'Boot Boote'),
  noun('m', 'hat hats', 'Hut Hüte'),
  noun('f', 'box boxes', 'Kiste Kisten'),
];

export const places: readonly Noun[] = [
  noun('m', 'garden gardens', 'Garten Gärten'),
  noun('f', 'kitchen kitchens', 'Küche Küchen'),
  noun('n', 'house houses', 'Haus Häuser'),
  noun('f', 'school schools', 'Schule Schulen'),
  noun('m', 'forest forests', 'Wald Wälder'),
  noun('n', 'village villages', 'Dorf Dörfer'),
];

/** An adjective in English and the stem of it in German. */
export const adjectives: readonly (readonly [english: string, german: string])[] = [
  ['red', 'rot'],
  ['small', 'klein'],
  ['old', 'alt'],
  ['new', 'neu'],
  ['green', 'grün'],
  ['beautiful', 'schön'],
];

/** Someone does it with something. */
export const transitiveVerbs: readonly Verb[] = [
  verb('sees see seen', 'sieht sehen gesehen'),
  verb('carries carry carried', 'trägt tragen getragen'),
  verb('finds find found', 'findet finden gefunden'),
  verb('buys buy bought', 'kauft kaufen gekauft'),
  verb('paints paint painted', 'malt malen gemalt'),
  verb('loses lose lost', 'verliert verlieren verloren'),
  verb('needs need needed', 'braucht brauchen gebraucht'),
];

/** Someone does it with something for somebody. */
export const givingVerbs: readonly Verb[] = [
  verb('gives give given', 'gibt geben gegeben'),
  verb('brings bring brought', 'bringt bringen gebracht'),
  verb('sends send sent', 'schickt schicken geschickt'),
];

/** What stands in front of "that", and of "dass". */
export const sayingVerbs: readonly (readonly [english: string, german: string])[] = [
  ['says', 'sagt'],
  ['knows', 'weiß'],
  ['believes', 'glaubt'],
];

/** What may stand in front of a sentence, and in German turns it round. */
export const adverbs: readonly (readonly [english: string, german: string])[] = [
  ['today', 'heute'],
  ['now', 'jetzt'],
  ['here', 'hier'],
];
