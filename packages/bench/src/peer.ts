import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a peer cannot do here, in one line. */
export class PeerError extends Error {
  override name = 'PeerError';
}

type Answer = Readonly<Record<string, unknown>>;

/** A process that answers lines of JSON with lines of JSON; its first line says its versions. */
export interface Peer {
  readonly versions: Readonly<Record<string, string>>;
  /** @throws PeerError where the answer is an error, and where there is none. */
  ask(request: object): Promise<Answer>;
  stop(): void;
}

/** @throws PeerError where it ends before it says its versions. */
export async function startPeer(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Peer> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const answers = createInterface({ input: child.stdout });
  const lines = answers[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new PeerError(`${[command, ...args].join(' ')} ended before it answered`);
    return JSON.parse(value);
  };
  const { versions } = await next();
  return {
    versions: versions as Peer['versions'],
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await next();
      if (typeof answer.error === 'string') throw new PeerError(answer.error);
      return answer;
    },
    stop() {
      answers.close();
      child.stdin.end();
    },
  };
}
