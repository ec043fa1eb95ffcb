import { expect, test } from 'vitest';

test('the program of the tutorial does what its text says', async () => {
  const { results, single } = await import('../src/main.js');
  expect(Object.keys(results)).toHaveLength(6);
  for (const [method, { ring, other }] of Object.entries(results)) {
    expect(ring, method).toBeGreaterThan(0.93);
    // With a label for one point in four, company helps.
    expect(other, method).toBeGreaterThan(single);
  }
}, 120_000);
