import { request } from 'node:http';
import { join } from 'node:path';
import { gradientCosines, TrainerError, watchAll } from '@espalier/trainer';
import { type Dashboard, dashboard } from '@espalier/trainer/node';
import fc from 'fast-check';
import { chromium } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withoutBrowser } from '../../../vitest.browser.js';
import { RunHistory } from '../src/dashboard/run-history.js';
import { Series } from '../src/dashboard/series.js';

const TASKS = ['side', 'distance'];
const record = (step: number, steps = 300) => ({
  step,
  steps,
  epoch: Math.ceil(step / 100),
  epochs: 3,
  losses: { side: 1 / step, ...(step % 2 === 0 && { distance: 2 / Math.sqrt(step) }) },
  weights: { side: 1 + step / steps, distance: 1 - step / steps },
  gramian: [Float64Array.of(4, -2), Float64Array.of(-2, 4)],
});

let page: Dashboard;
beforeEach(async () => {
  page = await dashboard({ title: 'Points <of> a plane' });
});
afterEach(() => page.close());

/** A request as it is given, which `fetch` would tidy up. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string; headers: object }> {
  const { port } = new URL(page.url);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('who is answered', () => {
  const query = () => new URL(page.url).search;

  test('only who has the token', async () => {
    expect((await ask(`/${query()}`)).status).toBe(200);
    for (const wrong of [
      '',
      '?token=',
      `${query().slice(0, -1)}_`,
      `${query()}x`,
      '?token=%00',
      '?TOKEN=x',
    ]) {
      for (const path of ['/', '/events', '/nothing']) {
        const { status, body } = await ask(path + wrong);
        expect([path, wrong, status]).toEqual([path, wrong, 403]);
        expect(body).toMatch(/^The token is missing or wrong/);
      }
    }
  });

  test('no page of another origin', async () => {
    const { host } = new URL(page.url);
    expect((await ask(`/${query()}`, { Origin: `http://${host}` })).status).toBe(200);
    for (const headers of [
      { Origin: 'http://example.org' },
      { Origin: 'null' },
      { Origin: `https://${host}` },
      { Origin: 'http://127.0.0.1:1' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
      { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' },
    ]) {
      for (const path of ['/', '/events'])
        expect((await ask(path + query(), headers as Record<string, string>)).status).toBe(403);
    }
  });

  test('no name but its own, so that no other name can lead here', async () => {
    for (const Host of ['example.org', `example.org:${new URL(page.url).port}`, '127.0.0.1', '127.0.0.1:1']) {
      expect([Host, (await ask(`/${query()}`, { Host })).status]).toEqual([Host, 421]);
    }
    expect((await ask(`/${query()}`, { Host: `localhost:${new URL(page.url).port}` })).status).toBe(200);
  });

  test('no path but its two', async () => {
    for (const path of [
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '//etc/passwd',
      '/events/../../x',
      '/index.html',
      '/%2e%2e/',
      'http://x/',
      '/events/',
    ]) {
      expect([path, (await ask(path + query())).status]).toEqual([path, 404]);
    }
    expect((await ask(`/${query()}`, {}, 'POST')).status).toBe(405);
  });

  test('and nothing makes it fall over', async () => {
    for (const path of ['/?token=%', '/%', '//', '/?', '///?token=%ff', `/${'x'.repeat(5000)}`]) {
      expect((await ask(path)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await ask(`/${query()}`)).status).toBe(200);
  });

  test('every address has its own token, and the page may run nothing but its own scripts', async () => {
    const other = await dashboard({ title: 'other' });
    expect(new URL(other.url).search).not.toBe(query());
    expect(query().length).toBeGreaterThan(32);
    await other.close();
    const { headers, body } = await ask(`/${query()}`);
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    expect((headers as Record<string, string>)['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'nonce-[^']+'; /,
    );
    expect(body).toContain('<title>Points &lt;of&gt; a plane</title>');
  });

  test('a port that is taken is an error that says so', async () => {
    const port = Number(new URL(page.url).port);
    await expect(dashboard({ title: 'second', port })).rejects.toThrow(TrainerError);
    await expect(dashboard({ title: 'second', port })).rejects.toThrow(
      new RegExp(`cannot listen on port ${port}: .*EADDRINUSE`),
    );
  });
});

test('what nobody wants to be told is not measured', () => {
  const silent = { step() {}, end() {} };
  expect(watchAll(silent).metrics).toBeUndefined();
  expect(watchAll(silent).examples).toBeUndefined();
  const told: unknown[] = [];
  watchAll(silent, { ...silent, metrics: (...values) => told.push(values) }).metrics?.(3, {
    side: { accuracy: 1 },
  });
  expect(told).toEqual([[3, { side: { accuracy: 1 } }]]);
});

describe('what is shown', () => {
  test('a curve of any length has at most 400 points, in order, and keeps its mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (length) => {
        const series = new Series();
        for (let step = 1; step <= length; step++) series.add(step, step);
        const points = series.toJSON();
        expect(points.length).toBeLessThanOrEqual(400);
        expect(points.length).toBeGreaterThanOrEqual(Math.min(length, 200));
        for (const [place, [step, value]] of points.entries()) {
          expect(value).toBeCloseTo(step, 8);
          if (place > 0) expect(step).toBeGreaterThan(points[place - 1][0]);
        }
        expect(points[0][0]).toBeLessThanOrEqual(1 + length / 200);
        expect(points.at(-1)![0]).toBeGreaterThanOrEqual(length * 0.99 - 1);
      }),
      { numRuns: 50 },
    );
  });

  test('cosines are those of the gradients', () => {
    const gramian = [Float64Array.of(4, -2, 0), undefined, Float64Array.of(0, 0, 9)];
    expect(gradientCosines(gramian)).toEqual([
      [1, null, 0],
      [null, null, null],
      [0, null, 1],
    ]);
    const history = new RunHistory('run');
    history.step(record(1));
    expect(history.cosines).toEqual([
      [1, -0.5],
      [-0.5, 1],
    ]);
  });

  test.skipIf(withoutBrowser)('a browser sees a training go on', async () => {
    const first = page.watch('multi-task <1>');
    first.begin?.(TASKS);
    for (let step = 1; step <= 150; step++) first.step(record(step));
    first.metrics?.(100, { side: { accuracy: 0.7 }, distance: { error: 0.4 } });

    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    try {
      const tab = await browser.newPage({ viewport: { width: 1380, height: 1500 } });
      const problems: string[] = [];
      tab.on('console', (message) => problems.push(message.text()));
      tab.on('pageerror', (error) => problems.push(error.message));
      tab.on('request', (asked) => {
        if (new URL(asked.url()).host !== new URL(page.url).host && !asked.url().startsWith('data:'))
          problems.push(asked.url());
      });
      await tab.goto(page.url);
      await tab.getByText('live', { exact: true }).waitFor();
      expect(await tab.locator('#runs tbody tr').textContent()).toMatch(/multi-task <1>2 of 3150 of 300/);

      const second = page.watch('side');
      second.begin?.(['side']);
      for (let step = 151; step <= 300; step++) first.step(record(step));
      first.metrics?.(300, { side: { accuracy: 0.9 }, distance: { error: 0.2 } });
      first.examples?.('<p id="example">a point <script>document.title = "run"</script></p>');
      first.end();
      await new Promise((resolve) => setTimeout(resolve, 1100));
      for (let step = 1; step <= 40; step++)
        second.step({
          step,
          steps: 300,
          epoch: 1,
          epochs: 3,
          losses: { side: 2 / step },
          weights: { side: 1 },
        });
      second.metrics?.(40, { side: { accuracy: 0.6 } });

      await tab.locator('#runs tbody tr').nth(1).waitFor();
      await tab.getByText('40 of 300').waitFor();
      expect(await tab.locator('#runs tbody tr').first().textContent()).toMatch(/3 of 3300 of 300ended/);
      expect(await tab.locator('#losses canvas').count()).toBe(2);
      expect(await tab.locator('#metrics canvas').count()).toBe(2);
      expect(await tab.locator('#weights canvas').count()).toBe(1);
      expect(await tab.locator('#conflicts td').allTextContents()).toEqual([
        '1.00',
        '−0.50',
        '−0.50',
        '1.00',
      ]);
      expect(await tab.locator('#example').textContent()).toMatch(/^a point /);
      expect(await tab.title()).toBe('Points <of> a plane');
      if (process.env.ESPALIER_SCREENSHOTS) {
        await tab.screenshot({
          path: join(process.env.ESPALIER_SCREENSHOTS, 'dashboard.png'),
          fullPage: true,
        });
      }
      await page.close();
      await tab.getByText('the training has ended').waitFor();
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
