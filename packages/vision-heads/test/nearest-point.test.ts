import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NearestPoint } from '../src/nearest-point.js';

const point = fc.record({
  row: fc.integer({ min: 0, max: 30 }),
  column: fc.integer({ min: 0, max: 30 }),
});
const coordinate = fc.double({ min: -10, max: 40, noNaN: true });

test('no point is nearer than the one that is found', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1 }), coordinate, coordinate, (points, row, column) => {
      const distances = points.map((one) => (one.row - row) ** 2 + (one.column - column) ** 2);
      expect(distances[new NearestPoint(points).to(row, column)]).toBe(Math.min(...distances));
    }),
  );
});
