import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Tests in a browser are skipped, which vitest says, where Debian's chromium is missing. */
export const withoutBrowser = !existsSync(executablePath);

/**
 * Opens a page in a real browser, and collects what it logs, throws, or asks of any host but its own.
 *
 * @param place A file, or an address.
 * @param settings More arguments of Chromium.
 */
export async function inBrowser(
  place: string | URL,
  look: (page: Page) => Promise<void>,
  settings: readonly string[] = [],
): Promise<readonly string[]> {
  const address = place instanceof URL ? place : pathToFileURL(place);
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
      const { protocol, host } = new URL(request.url());
      const isOwn = protocol === 'data:' || (protocol === address.protocol && host === address.host);
      if (!isOwn) problems.push(`asks for ${request.url()}`);
    });
    await page.goto(address.href);
    await look(page);
    return problems;
  } finally {
    await browser.close();
  }
}
