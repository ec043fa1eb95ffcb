import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';

/** What a figure depends on: without it, it says nothing. */
export function describeMachine(): Record<string, string> {
  const { arch, platform, versions } = process;
  return {
    measured: new Date().toISOString().slice(0, 10),
    on: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'} (${platform} ${arch})`,
    Node: versions.node,
  };
}

/** What a figure depends on, as a line. */
export function machineLine(machine: Readonly<Record<string, string>>): string {
  return Object.entries(machine)
    .map(([what, value]) => `${what} ${value}`)
    .join(' · ');
}

/** Writes figures where the one who called `pnpm bench` means it. */
export function writeJson(file: string, figures: unknown): void {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', file), `${JSON.stringify(figures, null, 2)}\n`);
}

/** Columns of one width, as the formatter of this repository wants them. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => cell.padEnd(widths[c]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
