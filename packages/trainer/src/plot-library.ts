import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** uPlot for pages that need nothing beside them. */
export async function plotLibrary(): Promise<{ readonly script: string; readonly style: string }> {
  const { resolve } = createRequire(import.meta.url);
  const [script, style] = await Promise.all(
    ['uplot/dist/uPlot.iife.min.js', 'uplot/dist/uPlot.min.css'].map((file) =>
      readFile(resolve(file), 'utf8'),
    ),
  );
  return { script, style };
}
