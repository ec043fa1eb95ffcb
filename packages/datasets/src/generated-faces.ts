import { type RandomNumbers, randomOf } from './augment/augmentation.js';
import { type Dataset, drawnDataset } from './dataset.js';
import { DatasetError } from './errors.js';

/** The side of a generated face's picture in pixels. */
export const FACE_SIZE = 64;

/** What generated faces can express, by brows and mouth alone. */
export const generatedExpressions = ['neutral', 'happiness', 'surprise', 'sadness', 'anger'] as const;

/** A drawing of somebody who does not exist. */
export interface GeneratedFace {
  /** 64 × 64 values in row-major order, from 0 (dark) to 1 (bright). */
  readonly pixels: Float32Array;
  /** The number of the person. */
  readonly person: number;
  /** A place in the set's `expressions`. */
  readonly expression: number;
}

export type GeneratedExpression = (typeof generatedExpressions)[number];

export interface GeneratedFacesOptions {
  /** The numbers of the people to draw. A person has the same face in every data set, whatever the seed. */
  readonly people: readonly number[];
  /** The expressions to choose from, at random; all unless given. */
  readonly expressions?: readonly GeneratedExpression[];
  /** How many faces there are; people take turns. */
  readonly count: number;
  /** The seed of expression, pose, light, background and noise. */
  readonly seed: number;
}

/**
 * Faces drawn from parameters, for tests and examples where pictures of real people may not be shipped: who it is
 * decides the geometry of head, eyes, nose, mouth and hair; the expression moves brows and mouth; and every drawing has
 * a pose, a light, a background and noise of its own. Face `i` of a seed is always the same, and is drawn when it is
 * asked for.
 *
 * @throws DatasetError when there is no person, no expression or no face.
 */
export function generatedFaces({
  people,
  expressions = generatedExpressions,
  count,
  seed,
}: GeneratedFacesOptions): Dataset<GeneratedFace> {
  if (people.length === 0) throw new DatasetError('Generated faces need at least one person; found none.');
  if (expressions.length === 0) {
    throw new DatasetError('Generated faces need at least one expression; found none.');
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new DatasetError(`Generated faces are a whole number from 1; found ${count}.`);
  }
  const geometries = people.map(geometryOf);
  return drawnDataset(count, 'face', (index) => {
    const random = randomOf(seed, index, 0);
    const expression = Math.floor(random() * expressions.length);
    const place = index % people.length;
    const pixels = draw(geometries[place], drawnExpression(expressions[expression], random), random);
    return { pixels, person: people[place], expression };
  });
}

/** People are drawn from a seed of their own. */
const PEOPLE_SEED = 20010;

/** A head without its expression. Lengths are in half heights of the head; values in the brightness of the skin. */
type Geometry = ReturnType<typeof geometryOf>;

function geometryOf(person: number) {
  const random = randomOf(PEOPLE_SEED, person, 0);
  const from = (low: number, high: number) => between(low, high, random);
  return {
    /** Half the head's width, and how much narrower it is at the chin. */
    width: from(0.66, 0.88),
    chin: from(0, 0.4),
    eyeDistance: from(0.24, 0.38),
    eyeHeight: from(-0.22, 0),
    eyeWidth: from(0.09, 0.15),
    eyeOpening: from(0.045, 0.085),
    browGap: from(0.15, 0.23),
    browLength: from(0.12, 0.2),
    browThickness: from(0.02, 0.055),
    noseLength: from(0.24, 0.42),
    noseWidth: from(0.06, 0.15),
    mouthHeight: from(0.5, 0.64),
    mouthWidth: from(0.16, 0.3),
    lips: from(0.025, 0.06),
    /** Where the hair begins, how far it comes down at the sides, and how bright it is. */
    hairline: from(-0.9, -0.58),
    sideburns: from(-0.4, 0.7),
    hair: from(0.05, 0.75),
    skin: from(0.75, 1),
    beard: random() < 0.25 ? from(0.15, 0.4) : 0,
    glasses: random() < 0.25,
  };
}

/** What brows and mouth do. */
interface Expression {
  readonly browRaise: number;
  /** How much higher the brows' inner ends are. */
  readonly browTilt: number;
  /** How much higher the mouth's corners are than its middle. */
  readonly smile: number;
  /** How far the lips are apart. */
  readonly opening: number;
  /** By what factor the mouth is wider. */
  readonly stretch: number;
}

const features: Readonly<Record<GeneratedExpression, Expression>> = {
  neutral: { browRaise: 0, browTilt: 0, smile: 0, opening: 0, stretch: 1 },
  happiness: { browRaise: 0.02, browTilt: 0, smile: 0.14, opening: 0.05, stretch: 1.3 },
  surprise: { browRaise: 0.12, browTilt: 0, smile: 0, opening: 0.14, stretch: 0.75 },
  sadness: { browRaise: 0.04, browTilt: 0.15, smile: -0.16, opening: 0, stretch: 0.9 },
  anger: { browRaise: -0.08, browTilt: -0.15, smile: -0.05, opening: 0.04, stretch: 1.1 },
};

/** An expression is stronger or weaker, and never quite still. */
function drawnExpression(expression: GeneratedExpression, random: RandomNumbers): Expression {
  const strength = between(0.8, 1.3, random);
  const { browRaise, browTilt, smile, opening, stretch } = features[expression];
  const near = (value: number, spread: number) => strength * value + between(-spread, spread, random);
  return {
    browRaise: near(browRaise, 0.015),
    browTilt: near(browTilt, 0.015),
    smile: near(smile, 0.015),
    opening: Math.max(near(opening, 0.01), 0),
    stretch: 1 + near(stretch - 1, 0.04),
  };
}

/** How a face is seen. Angles are in radians, shifts and the size in half sides of the picture. */
function drawnView(random: RandomNumbers) {
  const around = (spread: number) => between(-spread, spread, random);
  return {
    yaw: around(0.4),
    pitch: around(0.2),
    roll: around(0.2),
    size: between(0.74, 0.9, random),
    right: around(0.1),
    down: around(0.1),
    light: { x: around(0.7), y: -between(0, 0.6, random) },
    brightness: between(0.55, 0.95, random),
    contrast: between(0.15, 0.5, random),
    background: [between(0.05, 0.95, random), between(0.05, 0.95, random)],
    noise: between(0.01, 0.05, random),
  };
}

function draw(geometry: Geometry, expression: Expression, random: RandomNumbers): Float32Array {
  const view = drawnView(random);
  const [cosRoll, sinRoll] = [Math.cos(view.roll), Math.sin(view.roll)];
  const pixels = new Float32Array(FACE_SIZE ** 2);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const column = ((pixel % FACE_SIZE) + 0.5) / (FACE_SIZE / 2) - 1 - view.right;
    const row = (Math.floor(pixel / FACE_SIZE) + 0.5) / (FACE_SIZE / 2) - 1 - view.down;
    const x = (cosRoll * column + sinRoll * row) / view.size;
    const y = (cosRoll * row - sinRoll * column) / view.size;
    const inside = covers(headDistance(x, y, geometry));
    const seen = inside > 0 ? view.brightness * shaded(x, y, geometry, expression, view) : 0;
    const behind = view.background[0] + (view.background[1] - view.background[0]) * ((row + 1) / 2);
    const value = inside * seen + (1 - inside) * behind + view.noise * noise(random);
    pixels[pixel] = Math.min(Math.max(value, 0), 1);
  }
  return pixels;
}

/** The head as a half sphere that is turned, and lit from one side. */
function shaded(
  x: number,
  y: number,
  geometry: Geometry,
  expression: Expression,
  { yaw, pitch, light, contrast }: ReturnType<typeof drawnView>,
): number {
  const across = x / geometry.width;
  const depth = Math.sqrt(Math.max(1 - across * across - y * y, 0));
  const facing = 1 + contrast * (across * light.x + y * light.y + depth - 1);
  const turnedX = across * Math.cos(yaw) - depth * Math.sin(yaw);
  const turnedDepth = across * Math.sin(yaw) + depth * Math.cos(yaw);
  const turnedY = y * Math.cos(pitch) - turnedDepth * Math.sin(pitch);
  return facing * reflectance(turnedX * geometry.width, turnedY, geometry, expression);
}

/** How bright the face is at a place, looked at from the front, in even light. */
function reflectance(x: number, y: number, geometry: Geometry, expression: Expression): number {
  const { eyeDistance, eyeHeight, eyeWidth, eyeOpening, noseLength, noseWidth, hair, skin } = geometry;
  // Both halves are alike.
  const side = Math.abs(x);
  const fromEye = side - eyeDistance;
  let value = skin;
  const paint = (brightness: number, distance: number, strength = 1) => {
    const covered = strength * covers(distance);
    value += covered * (brightness - value);
  };

  paint(hair * skin, 0.42 - y - 0.35 * (1 - side / geometry.width), geometry.beard);
  paint(
    0.75 * skin,
    Math.abs(side - noseWidth * progress(y, eyeHeight, noseLength)) - 0.012,
    y > eyeHeight && y < eyeHeight + noseLength ? 0.6 : 0,
  );
  paint(0.4 * skin, ellipse(side - 0.6 * noseWidth, y - eyeHeight - noseLength, 0.4 * noseWidth, 0.025));

  paint(1, ellipse(fromEye, y - eyeHeight, eyeWidth, eyeOpening));
  paint(0.1, ellipse(fromEye, y - eyeHeight, 0.9 * eyeOpening, 0.95 * eyeOpening));
  if (geometry.glasses) {
    paint(0.1, Math.abs(ellipse(fromEye, y - eyeHeight, 1.5 * eyeWidth, 0.15)) - 0.018);
    paint(0.1, Math.max(Math.abs(y - eyeHeight) - 0.015, side - eyeDistance + 1.5 * eyeWidth));
  }

  const { browGap, browLength, browThickness } = geometry;
  const outwards = fromEye / browLength;
  const brow = eyeHeight - browGap - expression.browRaise + expression.browTilt * outwards;
  paint(
    0.8 * hair * skin,
    Math.max(Math.abs(y - brow - 0.03 * outwards ** 2) - browThickness, Math.abs(fromEye) - browLength),
  );

  const width = geometry.mouthWidth * expression.stretch;
  const along = side / width;
  const middle = geometry.mouthHeight + expression.smile * (0.4 - along ** 2);
  const half = Math.sqrt(Math.max(1 - along ** 2, 0));
  const fromMouth = Math.abs(y - middle);
  paint(0.55 * skin, Math.max(fromMouth - (geometry.lips + expression.opening) * half, side - width));
  paint(0.1, Math.max(fromMouth - (0.012 + expression.opening) * half, side - width));

  paint(hair * skin, y - geometry.hairline - 0.25 * (side / geometry.width) ** 2);
  paint(hair * skin, Math.max(0.86 * geometry.width - side, y - geometry.sideburns));
  return value;
}

/** Below 0 inside of the head, above outside. */
function headDistance(x: number, y: number, { width, chin }: Geometry): number {
  const narrowed = width * (1 - chin * Math.max(y, 0) ** 2);
  return ellipse(x, y, narrowed, 1);
}

/** The distance from an ellipse's edge, nearly: below 0 inside. */
function ellipse(x: number, y: number, halfWidth: number, halfHeight: number): number {
  return (Math.hypot(x / halfWidth, y / halfHeight) - 1) * Math.min(halfWidth, halfHeight);
}

/** From 0 to 1 over a length that begins at a place. */
function progress(place: number, start: number, length: number): number {
  return Math.min(Math.max((place - start) / length, 0), 1);
}

/** How much of a pixel something covers whose edge is at this distance from the pixel's middle. */
function covers(distance: number): number {
  const pixel = 2.4 / FACE_SIZE;
  return Math.min(Math.max(0.5 - distance / pixel, 0), 1);
}

/** Around 0, most often near it, of deviation 1. */
function noise(random: RandomNumbers): number {
  return (random() + random() - 1) * Math.sqrt(6);
}

function between(low: number, high: number, random: RandomNumbers): number {
  return low + random() * (high - low);
}
