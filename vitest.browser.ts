import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Tests in a browser are skipped, which vitest says, where Debian's chromium is missing. */
export const withoutBrowser = !existsSync(executablePath);

/**
 * Opens a file in a real browser, and collects what the page logs, throws, or asks of a network.
 *
 * @param settings More arguments of Chromium.
 */
export async function inBrowser(
  file: string,
  look: (page: Page) => Promise<void>,
  settings: readonly string[] = [],
): Promise<readonly string[]> {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-background-networking', ...settings],
  });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) problems.push(`asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await look(page);
    return problems;
  } finally {
    await browser.close();
  }
}
