import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withTables } from '../src/figures/figure.js';
import { figures } from '../src/figures/index.js';

const committed = (name: string, ending: string) =>
  readFileSync(new URL(`../../../docs/figures/${name}.${ending}`, import.meta.url), 'utf8');

/** Every number may differ by rounding, which training enlarges; shares and errors by at most half a percent. */
function expectClose(found: unknown, expected: unknown): void {
  if (typeof expected === 'number') {
    expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(
      5e-3 * Math.max(1, Math.abs(expected)),
    );
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(found as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectClose((found as Record<string, unknown>)[key], value);
    }
  } else {
    expect(found).toEqual(expected);
  }
}

describe.each(figures)('$name', (figure) => {
  const rows = () => JSON.parse(committed(figure.name, 'json'));

  test('the figure that is committed is drawn from what is committed as measured', () => {
    expect(figure.draw(rows()) === committed(figure.name, 'svg')).toBe(true);
  });

  test.runIf(figure.tables)('its tables are those of the page', () => {
    const { page, markdown } = figure.tables!;
    const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
    expect(withTables(text, markdown())).toBe(text);
  });

  test('its first run, measured again, finds the same', async () => {
    expect(rows()).toHaveLength(figure.cells.length);
    expectClose(await figure.measure(figure.cells[0]), rows()[0]);
  }, 300_000);
});
