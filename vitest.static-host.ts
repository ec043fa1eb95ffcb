import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** A host that does nothing but hand out files, in a folder of its own as on GitHub Pages. */
export async function staticHost(folder: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async ({ url = '/' }, response) => {
    const path = normalize(decodeURI(url.replace(/\?.*/, '').replace(/^\/some\/where\//, '/')));
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    try {
      const content = await readFile(file);
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream').end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/some/where/`, close: () => server.close() };
}
