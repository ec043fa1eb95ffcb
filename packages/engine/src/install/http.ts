import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { rootCertificates } from 'node:tls';
import { EngineError } from '../errors.js';

/** How long a server may say nothing. */
const patience = 60_000;

export interface Request {
  readonly headers?: http.OutgoingHttpHeaders;
  /** A file with certificates to trust, beside those that Node trusts. */
  readonly cert?: string | undefined;
}

/**
 * Asks for an address, over as many redirections as it takes, and gives the answer with its body still to be read.
 *
 * @throws EngineError where the server cannot be reached, and where its answer is neither 2xx nor 404 nor 416.
 */
export async function get(address: string, request: Request = {}): Promise<http.IncomingMessage> {
  let url = new URL(address);
  let headers: http.OutgoingHttpHeaders = { 'User-Agent': 'espalier-engine', ...request.headers };
  for (let redirections = 0; redirections < 10; redirections++) {
    const response = await ask(url, headers, request.cert);
    const status = response.statusCode ?? 0;
    if (status < 300 || status === 404 || status === 416) return response;
    response.resume();
    const { location } = response.headers;
    if (status >= 400 || location === undefined) throw unreachable(url, `it answered ${status}`);
    const next = new URL(location, url);
    // A password is for the server that it was given for.
    if (next.host !== url.host) headers = { ...headers, Authorization: undefined };
    url = next;
  }
  throw unreachable(new URL(address), 'it redirects in a circle');
}

function ask(
  url: URL,
  headers: http.OutgoingHttpHeaders,
  cert: string | undefined,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { username, password } = url;
    // Node asks a proxy only if told to, and Node 20 not even then.
    const proxied: https.AgentOptions & { proxyEnv?: NodeJS.ProcessEnv } = { proxyEnv: process.env };
    const options: https.RequestOptions = {
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      ...(username ? { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` } : {}),
    };
    const sent =
      url.protocol === 'http:'
        ? http.get(url, { ...options, agent: new http.Agent(proxied) }, resolve)
        : https.get(
            url,
            {
              ...options,
              agent: new https.Agent({
                ...proxied,
                ...(cert ? { ca: [...rootCertificates, readFileSync(cert)] } : {}),
              }),
            },
            resolve,
          );
    sent.setTimeout(patience, () => sent.destroy(new Error(`it said nothing for ${patience / 1000} s`)));
    sent.on('error', (error) => reject(unreachable(url, error.message, error)));
  });
}

/** The whole body as text. */
export async function text(response: http.IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body;
}

function unreachable(url: URL, reason: string, cause?: Error): EngineError {
  return new EngineError(
    'native',
    `${url.host} cannot be reached: ${reason}`,
    "Check the network and pip's settings (PIP_INDEX_URL, PIP_FIND_LINKS, pip.conf), then run it again.",
    { cause },
  );
}
