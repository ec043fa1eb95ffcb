import {
  type AnnotatedPicture,
  type Augmentation,
  augmented,
  colour,
  crop,
  flip,
  inTurn,
  mosaic,
  type Rectangle,
  scale,
  throughWindow,
} from '@espalier/datasets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const WIDTH = 60;
const HEIGHT = 40;

/** A bright rectangle on black: its box, its mask, and landmarks at its upper left corner and its centre. */
function rectangle(left: number, top: number, width: number, height: number, kind = 1): AnnotatedPicture {
  const pixels = new Float32Array(WIDTH * HEIGHT * 3);
  const mask = new Int32Array(WIDTH * HEIGHT);
  for (let row = top; row < top + height; row++) {
    for (let column = left; column < left + width; column++) {
      pixels.fill(1, 3 * (row * WIDTH + column), 3 * (row * WIDTH + column) + 3);
      mask[row * WIDTH + column] = kind;
    }
  }
  const box = {
    x: left / WIDTH,
    y: top / HEIGHT,
    width: width / WIDTH,
    height: height / HEIGHT,
    class: kind,
  };
  return {
    picture: { width: WIDTH, height: HEIGHT, channels: 3, pixels },
    boxes: [box],
    mask,
    landmarks: [
      { x: box.x, y: box.y },
      { x: box.x + box.width / 2, y: box.y + box.height / 2 },
    ],
  };
}

const rectangles = fc
  .record({
    left: fc.nat(WIDTH - 13),
    top: fc.nat(HEIGHT - 13),
    width: fc.integer({ min: 12, max: WIDTH }),
    height: fc.integer({ min: 12, max: HEIGHT }),
  })
  .map(({ left, top, width, height }) =>
    rectangle(left, top, Math.min(width, WIDTH - left), Math.min(height, HEIGHT - top)),
  );

/** The smallest box around the pixels that hold, in fractions; undefined where none does. */
function boxAround(holds: (place: number) => boolean): Rectangle | undefined {
  const places = Array.from({ length: WIDTH * HEIGHT }, (_, place) => place).filter(holds);
  if (places.length === 0) return undefined;
  const columns = places.map((place) => place % WIDTH);
  const rows = places.map((place) => Math.floor(place / WIDTH));
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  return {
    x: left / WIDTH,
    y: top / HEIGHT,
    width: (Math.max(...columns) + 1 - left) / WIDTH,
    height: (Math.max(...rows) + 1 - top) / HEIGHT,
  };
}

/** In pixels, how far the edges of two boxes are apart at most. */
function apart(a: Rectangle, b: Rectangle): number {
  return Math.max(
    WIDTH * Math.abs(a.x - b.x),
    WIDTH * Math.abs(a.x + a.width - b.x - b.width),
    HEIGHT * Math.abs(a.y - b.y),
    HEIGHT * Math.abs(a.y + a.height - b.y - b.height),
  );
}

const once = (example: AnnotatedPicture, augment: Augmentation, seed: number) =>
  augmented({ length: 1, at: () => example }, augment, seed).at(0);

// How many pixels a mask's edge may be off: one for every time that it is drawn anew.
describe.each<[string, Augmentation, number]>([
  ['flip', flip({ probability: 1 }), 1],
  ['crop', crop({ area: [0.2, 1], ratio: 2 }), 1],
  ['scale', scale({ factor: [0.5, 2] }), 1],
  ['all in turn', inTurn(flip(), scale({ factor: [0.8, 1.2] }), crop({ area: [0.6, 1] })), 3],
])('%s', (_, augment, redrawn) => {
  test('keeps picture, boxes, mask and landmarks in step', () => {
    fc.assert(
      fc.property(rectangles, fc.nat(), (example, seed) => {
        const { picture, boxes = [], mask, landmarks } = once(example, augment, seed);
        const drawn = boxAround((place) => mask![place] === 1);
        // Half-lit pixels are at the rectangle's edge, and grey is what is beyond the picture.
        const lit = boxAround((place) => picture.pixels[3 * place] > 0.75);
        if (boxes.length === 0) return;
        expect(drawn).toBeDefined();
        expect(apart(boxes[0], drawn!)).toBeLessThanOrEqual(redrawn + 0.01);
        if (lit !== undefined) expect(apart(boxes[0], lit)).toBeLessThanOrEqual(redrawn + 1.01);
        const centre = landmarks![1];
        if (centre === undefined) return;
        const place =
          Math.min(Math.floor(centre.y * HEIGHT), HEIGHT - 1) * WIDTH +
          Math.min(Math.floor(centre.x * WIDTH), WIDTH - 1);
        expect(mask![place]).toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  test('drops a box only when less than a third of it is left', () => {
    fc.assert(
      fc.property(rectangles, fc.nat(), (example, seed) => {
        const { boxes = [], mask } = once(example, augment, seed);
        const drawn = mask!.reduce((sum, value) => sum + value, 0);
        if (drawn === 0) expect(boxes).toEqual([]);
        for (const { x, y, width, height } of boxes) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1 + 1e-9);
          expect(width * height).toBeGreaterThan(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('gives the same from the same seed, and leaves what it is given', () => {
    const example = rectangle(10, 8, 20, 16);
    const before = structuredClone(example);
    expect(once(example, augment, 7)).toEqual(once(example, augment, 7));
    expect(example).toEqual(before);
  });
});

test('a whole window changes nothing; mirrored twice is as before', () => {
  const example = rectangle(3, 5, 30, 20);
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  const close = (seen: AnnotatedPicture) => {
    expect(
      seen.picture.pixels.every((value, place) => Math.abs(value - example.picture.pixels[place]) < 1e-6),
    ).toBe(true);
    expect(seen.mask).toEqual(example.mask);
    expect(seen.boxes![0].x).toBeCloseTo(example.boxes![0].x, 9);
    expect(seen.landmarks![0]!.x).toBeCloseTo(example.landmarks![0]!.x, 9);
  };
  close(throughWindow(example, whole));
  close(throughWindow(throughWindow(example, whole, true), whole, true));
});

test('a window over the edge shows grey and background, and half of a box', () => {
  const { picture, boxes, mask, landmarks } = throughWindow(rectangle(0, 0, 30, 20), {
    x: -0.25,
    y: 0,
    width: 1,
    height: 1,
  });
  expect(picture.pixels.slice(0, 3)).toEqual(Float32Array.of(0.5, 0.5, 0.5));
  expect(mask![0]).toBe(0);
  expect(boxes).toEqual([{ class: 1, x: 0.25, y: 0, width: 0.5, height: 0.5 }]);
  expect(landmarks).toEqual([
    { x: 0.25, y: 0 },
    { x: 0.5, y: 0.25 },
  ]);
  const cut = throughWindow(rectangle(0, 0, 30, 20), { x: 0.25, y: 0, width: 1, height: 1 });
  expect(cut.boxes).toEqual([{ class: 1, x: 0, y: 0, width: 0.25, height: 0.5 }]);
  expect(cut.landmarks).toEqual([undefined, { x: 0, y: 0.25 }]);
  expect(throughWindow(rectangle(0, 0, 30, 20), { x: 0.4, y: 0, width: 1, height: 1 }).boxes).toEqual([]);
});

test('flipped landmarks take the places that they are told', () => {
  const flipped = once(rectangle(0, 0, 30, 20), flip({ probability: 1, landmarkOrder: [1, 0] }), 1);
  expect(flipped.landmarks).toEqual([
    { x: 0.75, y: 0.25 },
    { x: 1, y: 0 },
  ]);
});

test('colours change, annotations do not, and values stay from 0 to 1', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const example = rectangle(10, 10, 20, 20);
      // Something between black and white, which have nowhere to go.
      example.picture.pixels.set([0.3, 0.5, 0.6]);
      const changed = once(example, colour({ brightness: 0.9, contrast: 0.9, saturation: 0.9 }), seed);
      expect({ ...changed, picture: undefined }).toEqual({ ...example, picture: undefined });
      expect(changed.picture.pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(changed.picture.pixels).not.toEqual(example.picture.pixels);
    }),
    { numRuns: 20 },
  );
  const same = once(rectangle(10, 10, 20, 20), colour({ brightness: 0, contrast: 0, saturation: 0 }), 1);
  expect(same).toEqual(rectangle(10, 10, 20, 20));
});

test('every epoch has its own, and each the same again', () => {
  const data = augmented({ length: 2, at: () => rectangle(10, 10, 20, 20) }, crop(), 3);
  expect(data.at(0, 1)).toEqual(data.at(0, 1));
  const views = [data.at(0, 0), data.at(0, 1), data.at(1, 0), data.at(1, 1)].map(({ boxes }) =>
    JSON.stringify(boxes),
  );
  expect(new Set(views).size).toBe(4);
});

test('a mosaic has the boxes where the mask has the objects, of all four', () => {
  fc.assert(
    fc.property(fc.array(rectangles, { minLength: 4, maxLength: 4 }), fc.nat(), (examples, seed) => {
      const numbered = examples.map((example, index) => ({
        ...example,
        mask: example.mask!.map((value) => value && index + 1),
        boxes: example.boxes!.map((box) => ({ ...box, class: index + 1 })),
      }));
      const {
        boxes = [],
        mask,
        picture,
      } = mosaic({ length: 4, at: (index) => numbered[index] }, { seed }).at(0);
      expect(picture.pixels).toHaveLength(WIDTH * HEIGHT * 3);
      for (const box of boxes) {
        const inBox = (place: number) => {
          const [x, y] = [(place % WIDTH) + 0.5, Math.floor(place / WIDTH) + 0.5];
          return (
            x > box.x * WIDTH - 1 &&
            x < (box.x + box.width) * WIDTH + 1 &&
            y > box.y * HEIGHT - 1 &&
            y < (box.y + box.height) * HEIGHT + 1
          );
        };
        const drawn = boxAround((place) => mask![place] === box.class && inBox(place));
        expect(drawn).toBeDefined();
        // An example may be there twice, and its other part begin in the next pixel.
        expect(apart(box, drawn!)).toBeLessThanOrEqual(1.51);
      }
    }),
    { numRuns: 100 },
  );
  const plain = mosaic({ length: 1, at: () => rectangle(1, 1, 20, 20) }, { probability: 0, seed: 1 });
  expect(plain.at(0)).toEqual(rectangle(1, 1, 20, 20));
});

test('a mosaic of augmented examples has those of its epoch', () => {
  const epochs: (number | undefined)[] = [];
  const data = {
    length: 3,
    at(_: number, epoch?: number) {
      epochs.push(epoch);
      return rectangle(1, 1, 20, 20);
    },
  };
  mosaic(data, { seed: 1 }).at(0, 5);
  expect(epochs).toEqual([5, 5, 5, 5]);
});
