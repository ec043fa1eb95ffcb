import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Surest } from '../src/surest.js';

test('keeps the highest scores above the least; of equals those that came first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 })),
      fc.integer({ min: 1, max: 20 }),
      (scores, limit) => {
        const surest = new Surest(limit, 2);
        for (const [place, score] of scores.entries()) surest.offer(place, score);
        const expected = scores
          .map((score, place) => ({ place, score }))
          .filter(({ score }) => score > 2)
          .sort((a, b) => b.score - a.score || a.place - b.place)
          .slice(0, limit);
        expect(surest.ranked()).toEqual(expected);
      },
    ),
  );
});
