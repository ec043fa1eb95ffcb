import type { OutgoingHttpHeaders } from 'node:http';

/** A request is not answered as it wishes; `message` is for whoever sent it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: OutgoingHttpHeaders = {},
  ) {
    super(message);
  }
}
