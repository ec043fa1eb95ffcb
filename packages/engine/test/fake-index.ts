import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Wheel } from '../src/install/plan.js';

/** A package index on this machine, with one wheel. What it does may be changed while it runs. */
export interface FakeIndex {
  readonly address: string;
  format: 'json' | 'html';
  content: Buffer;
  /** After so many bytes of the wheel it closes the connection. */
  closesAfter: number;
  /** It sends the wheel in so many pieces, with pauses of 50 ms between. */
  pieces: number;
  /** The bytes of the wheel that it has sent. */
  sent: number;
  close(): void;
}

export async function fakeIndex(wheel: Wheel, content: Buffer): Promise<FakeIndex> {
  const server = createServer((request, response) => {
    if (request.url === `/simple/${wheel.project}/`) page(response);
    else if (request.url === `/files/${wheel.file}`) void file(request, response);
    else response.writeHead(404).end();
  });
  const index: FakeIndex = {
    address: '',
    format: 'json',
    content,
    closesAfter: Number.POSITIVE_INFINITY,
    pieces: 1,
    sent: 0,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };

  function page(response: ServerResponse): void {
    const url = `../../files/${wheel.file}`;
    if (index.format === 'json') {
      const files = [{ filename: wheel.file, url, hashes: {} }];
      response.setHeader('Content-Type', 'application/vnd.pypi.simple.v1+json');
      response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name: wheel.project, files }));
    } else {
      response.setHeader('Content-Type', 'text/html');
      response.end(
        `<html><body><a data-requires-python="" href="${url}#sha256=">${wheel.file}</a></body></html>`,
      );
    }
  }

  async function file(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const rest = index.content.subarray(Number(from ?? 0));
    const { length } = index.content;
    const range = from ? { 'Content-Range': `bytes ${from}-${length - 1}/${length}` } : {};
    response.writeHead(from ? 206 : 200, { 'Content-Length': rest.length, ...range });
    const size = Math.min(Math.ceil(length / index.pieces), index.closesAfter);
    for (let at = 0; at < rest.length; at += size) {
      const piece = rest.subarray(at, Math.min(at + size, index.closesAfter));
      index.sent += piece.length;
      await new Promise((resolve) => response.write(piece, resolve));
      if (index.pieces > 1 || at + size >= index.closesAfter) await setTimeout(50);
      if (at + size >= index.closesAfter) return void response.destroy();
    }
    response.end();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(index, { address: `http://127.0.0.1:${port}/simple` });
}
