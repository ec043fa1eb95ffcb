import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../errors.js';
import { get, text } from './http.js';
import type { PipSettings } from './pip-settings.js';
import type { Wheel } from './plan.js';

/** A link to a file, as a page of a package index gives it. */
interface Link {
  readonly file: string;
  readonly address: string;
}

/**
 * Where a wheel lies: a path on this machine, or an address. Looks where pip would, in pip's order.
 *
 * @throws EngineError where it lies nowhere, or nothing can be reached.
 */
export async function findWheel(wheel: Wheel, settings: PipSettings): Promise<string | URL> {
  const pages: string[] = [];
  for (const place of settings.findLinks) {
    if (/^https?:/.test(place)) pages.push(place);
    else {
      const folder = place.startsWith('file:') ? fileURLToPath(place) : place;
      const path = resolve(folder, wheel.file);
      if (existsSync(path)) return path;
    }
  }
  pages.push(...settings.indexes.map((index) => `${index.replace(/\/$/, '')}/${wheel.project}/`));
  let failure: unknown;
  for (const page of pages) {
    try {
      const link = (await linksOf(page, settings.cert)).find(({ file }) => file === wheel.file);
      if (link) return withPassword(new URL(link.address, page), new URL(page));
    } catch (error) {
      // Another index may have it.
      failure ??= error;
    }
  }
  if (failure) throw failure;
  const places = [...settings.findLinks, ...settings.indexes].map(withoutPassword);
  throw new EngineError(
    'native',
    `${wheel.file} is not in ${places.join(', ') || "any index, as pip's settings name none"}`,
    'Set PIP_INDEX_URL or PIP_FIND_LINKS to where it is, or take them away: PyPI has it.',
  );
}

/** An index that asks for a password asks for it again where the file lies. */
function withPassword(url: URL, page: URL): URL {
  if (url.host === page.host && !url.username)
    Object.assign(url, { username: page.username, password: page.password });
  return url;
}

function withoutPassword(place: string): string {
  return place.replace(/\/\/[^/@]*@/, '//');
}

/** PEP 691's JSON where the index speaks it, PEP 503's HTML elsewhere. */
async function linksOf(page: string, cert: string | undefined): Promise<Link[]> {
  const json = 'application/vnd.pypi.simple.v1+json';
  const response = await get(page, { headers: { Accept: `${json}, text/html;q=0.1` }, cert });
  const body = await text(response);
  if (response.statusCode === 404) return [];
  if (response.headers['content-type']?.startsWith(json)) {
    const { files }: { files: { filename: string; url: string }[] } = JSON.parse(body);
    return files.map(({ filename, url }) => ({ file: filename, address: url }));
  }
  return [...body.matchAll(/<a\s[^>]*href\s*=\s*["']([^"'#]*)[^>]*>/gi)].map(([, href = '']) => {
    const address = href.replaceAll('&amp;', '&');
    return { file: decodeURIComponent(address.split('/').at(-1)!), address };
  });
}
