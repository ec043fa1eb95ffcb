import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/**
 * The bytes of a request.
 *
 * @throws Refusal when there are too many.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  // Hanging up on somebody who still sends would lose the answer: Node reads over the rest of a connection that it keeps.
  const tooLarge = new Refusal(413, `The body has more than ${maxBytes} bytes.`, {
    connection: 'keep-alive',
  });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
