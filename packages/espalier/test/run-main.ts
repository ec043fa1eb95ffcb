import { vi } from 'vitest';
import { main } from '../src/main.js';

/** Runs the command line in this process. */
export async function runMain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text;
      return true;
    }),
    vi.spyOn(console, 'log').mockImplementation((text) => {
      out += `${text}\n`;
    }),
    vi.spyOn(console, 'table').mockImplementation((rows) => {
      out += `${JSON.stringify(rows)}\n`;
    }),
    vi.spyOn(console, 'error').mockImplementation((text) => {
      err += `${text}\n`;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += text;
      return true;
    }),
  ];
  try {
    return { code: await main(args), out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
