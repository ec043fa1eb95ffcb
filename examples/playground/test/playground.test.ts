import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutBrowser } from '../../../vitest.browser.js';
import { staticHost } from '../../../vitest.static-host.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'espalier-playground-'));
beforeAll(() => build({ root, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } }), 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('beside TensorFlow.js, the page has at most 60 kB of script', () => {
  const assets = join(folder, 'assets');
  const own = readdirSync(assets).filter((file) => /^index-.*\.js$/.test(file));
  expect(own).toHaveLength(1);
  const size = readFileSync(join(assets, own[0])).length;
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThanOrEqual(60_000);
});

/** A GPU of software, which comes with Chromium. */
const withGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

describe.skipIf(withoutBrowser)('in a browser', () => {
  let browser: Browser;
  let host: Awaited<ReturnType<typeof staticHost>>;
  let page: Page;
  const problems: string[] = [];
  const launch = (...settings: string[]) =>
    chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...settings] });

  /** The page in a browser, ready to learn; what goes wrong in it is a problem. */
  async function open(browser: Browser): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1240, height: 900 }, deviceScaleFactor: 1.5 });
    page.on('console', (message) => {
      // What Chromium says on a machine without a GPU.
      if (message.text() !== 'No available adapters.') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const inside = request.url().startsWith(host.url) || request.url().startsWith('data:');
      if (!inside || request.method() !== 'GET') problems.push(`${request.method()} ${request.url()}`);
    });
    await page.goto(host.url);
    await page.getByText(/^Step 0:/).waitFor();
    return page;
  }

  beforeAll(async () => {
    host = await staticHost(folder);
    browser = await launch();
    page = await open(browser);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    host?.close();
  });

  const accuracies = async () =>
    (await page.locator('.accuracy').allTextContents()).map((text) => Number.parseFloat(text) / 100);
  const steps = async () => Number((await page.locator('#steps').textContent())?.replace(',', ''));
  const untilStep = (count: number) =>
    page.waitForFunction(
      (least) => Number(document.querySelector('#steps')?.textContent?.replace(',', '')) >= least,
      count,
      { timeout: 150_000 },
    );

  test('it learns both tasks: 95 % of the points within 400 steps, while methods are switched', async () => {
    expect(Math.max(...(await accuracies()))).toBeLessThan(0.8);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await untilStep(150);
    await page.getByLabel('Gradient aggregator').selectOption({ label: 'UPGrad' });
    await untilStep(250);
    await page.getByLabel('Loss weighting').selectOption({ label: 'DWA' });
    await untilStep(400);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/^Step \d+:/).waitFor();
    expect(Math.min(...(await accuracies()))).toBeGreaterThanOrEqual(0.95);
    const shot = await page.screenshot(
      process.env.ESPALIER_SCREENSHOT ? { path: join(root, 'playground.png'), fullPage: true } : {},
    );
    expect(shot.length).toBeGreaterThan(50_000);
  }, 180_000);

  test('paused, it stands still, and one step is one step', async () => {
    const before = await steps();
    await page.getByRole('button', { name: 'One step' }).click();
    await page.getByText(`Step ${before + 1}:`).waitFor();
    expect(await steps()).toBe(before + 1);
  });

  test('every sharing, weighting and aggregator makes a step', async () => {
    for (const label of ['Sharing', 'Loss weighting', 'Gradient aggregator', 'Tasks']) {
      const select = page.getByLabel(label, { exact: true });
      for (const value of await select
        .locator('option')
        .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value))) {
        await select.selectOption(value);
        // A change of tasks begins anew: wait for what belongs to it.
        await page.waitForTimeout(30);
        const before = label === 'Tasks' ? 0 : await steps();
        if (label === 'Tasks') await page.getByText('Step 0:').waitFor();
        await page.getByRole('button', { name: 'One step' }).click();
        await page.getByText(`Step ${before + 1}:`).waitFor();
      }
    }
  }, 120_000);

  test('the keyboard reaches every control, in the order of the page', async () => {
    await page.locator('body').click({ position: { x: 2, y: 2 } });
    const reached: string[] = [];
    for (let press = 0; press < 10; press++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.id ?? ''));
    }
    expect(reached.slice(0, 9)).toEqual([
      ...['run', 'step', 'reset', 'problem', 'sharing', 'weighting', 'aggregator', 'rate', 'engine'],
    ]);
    await page.locator('#reset').focus();
    await page.keyboard.press('Enter');
    await page.getByText('Step 0:').waitFor();
  });

  test('a screen reader hears what the pictures show', async () => {
    const pictures = await page
      .getByRole('img')
      .evaluateAll((images) => images.map((image) => image.getAttribute('aria-label') ?? ''));
    expect(pictures).toHaveLength(4);
    expect(pictures[0]).toMatch(/Task A.*400 points.*\d %/);
    expect(pictures[2]).toMatch(/losses over \d+ steps/);
    expect(pictures[3]).toMatch(/cosine/);
    const unnamed = await page.locator('select, button').evaluateAll(
      (controls) =>
        controls.filter((control) => {
          const { labels, textContent } = control as HTMLSelectElement;
          return (labels?.[0]?.textContent ?? textContent ?? '').trim() === '';
        }).length,
    );
    expect(unnamed).toBe(0);
  });

  test('on a GPU, a step finds the losses that WebAssembly finds', async () => {
    const gpu = await launch(...withGpu);
    try {
      const page = await open(gpu);
      const losses = async () => {
        await page.getByRole('button', { name: 'One step' }).click();
        await page.getByText('Step 1:').waitFor();
        const said = await page.locator('#losses canvas').getAttribute('aria-label');
        return [...said!.matchAll(/now (\d\.\d+)/g)].map(([, loss]) => Number(loss));
      };
      const byWasm = await losses();
      await page.getByLabel('Engine').selectOption({ label: 'WebGPU' });
      await page.getByText('Step 0:').waitFor();
      const byGpu = await losses();
      expect(byWasm).toHaveLength(2);
      for (const [task, loss] of byGpu.entries()) expect(loss).toBeCloseTo(byWasm[task], 2);
    } finally {
      await gpu.close();
    }
  }, 120_000);

  test('where WebGPU does not start, it goes on with WebAssembly, and says so', async () => {
    const own = await browser.newPage();
    // A GPU that is lost after the page has found it.
    await own.addInitScript(() => {
      let asked = 0;
      Object.defineProperty(navigator, 'gpu', {
        value: { requestAdapter: async () => (asked++ === 0 ? {} : null) },
      });
    });
    await own.goto(host.url);
    await own.getByText(/^Step 0:/).waitFor();
    await own.getByLabel('Engine').selectOption({ label: 'WebGPU' });
    await own.getByText('WebGPU does not start here: it goes on with WebAssembly.').waitFor();
    expect(await own.getByLabel('Engine').inputValue()).toBe('wasm');
    await own.getByRole('button', { name: 'One step' }).click();
    await own.getByText('Step 1:').waitFor();
    await own.close();
  }, 60_000);

  test('nothing went wrong, and nothing was asked of another host', () => {
    expect(problems).toEqual([]);
  });
});
