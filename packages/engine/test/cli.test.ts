import { afterEach, expect, test, vi } from 'vitest';

const [node, program] = process.argv;
afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
  process.argv = [node!, program!];
  process.exitCode = undefined;
});

/** Runs the command line in this process. */
async function cli(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(console, 'error').mockImplementation((text) => void err.push(String(text)));
  process.argv = [node!, program!, ...args];
  await import('../src/cli.js');
  return { code: process.exitCode ?? 0, out: out.join(''), err };
}

test.each([
  [[], 'No command is given'],
  [['instal'], 'There is no command "instal"'],
  [['doctor', '--gpu'], 'There is no command "doctor --gpu"'],
  [['install', '--fast'], "Unknown option '--fast'"],
])('espalier-engine %j is refused in one line, with exit code 2', async (args, problem) => {
  expect(await cli(...args)).toEqual({ code: 2, out: '', err: [`${problem}. See: espalier-engine --help`] });
});

test('help goes to standard output, with exit code 0', async () => {
  const { code, out } = await cli('serve', '--help');
  expect(code).toBe(0);
  expect(out).toMatch(/espalier-engine install[\s\S]*Options of serve/);
});
