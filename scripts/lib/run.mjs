/** Starting other programs: quietly, or with the terminal handed over. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A program that ended badly: what it printed, and the exit code to leave with. */
export class CommandFailed extends Error {
  constructor(command, code, output) {
    super(`${command} ended with exit code ${code}`);
    this.code = code;
    this.output = output;
  }
}

const quietTools = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', DO_NOT_TRACK: '1' };

function start([program, ...args], { env, ...options }) {
  const child = spawn(program, args, { ...options, env: { ...process.env, ...quietTools, ...env } });
  const stop = () => child.kill();
  process.once('exit', stop);
  child.once('close', () => process.off('exit', stop));
  return child;
}

function finished(child, command) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandFailed(command.join(' '), 127, error.message)));
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Runs a command without showing it, and gives its standard output. `onOutput` hears of each piece that it
 * prints; a failure carries all of them.
 */
export async function quietly(command, { onOutput, ...options } = {}) {
  const env = { ...options.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const child = start(command, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let answer = '';
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      if (stream === child.stdout) answer += text;
      output += text;
      onOutput?.(text);
    });
  }
  const code = await finished(child, command);
  if (code !== 0) throw new CommandFailed(command.join(' '), code, output);
  return answer;
}

/** Runs a command in the caller's terminal, hands signals on to it, and gives its exit code. */
export async function attached(command, options = {}) {
  const child = start(command, { ...options, stdio: 'inherit' });
  const interrupt = () => {
    // A terminal's Ctrl-C reaches the child by itself; a second one would cut its farewell short.
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  const terminate = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', terminate);
  try {
    return await finished(child, command);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate);
  }
}
