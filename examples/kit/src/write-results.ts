import { resolve } from 'node:path';
import type { Heads } from '@espalier/core';
import type { Comparison } from '@espalier/trainer';
import { type Report, save, writeReport } from '@espalier/trainer/node';

/** Leaves the report and the multi-task network's weights in the folder, says where, and disposes of the network. */
export async function writeResults<H extends Heads>(
  folder: string,
  comparison: Comparison<H>,
  report: Omit<Report, 'comparison'>,
): Promise<void> {
  const file = resolve(folder, 'report.html');
  try {
    await writeReport(file, { ...report, comparison });
    await save(comparison.model, resolve(folder, 'model.safetensors'));
  } finally {
    comparison.model.dispose();
  }
  console.log(`Report: ${file}`);
}
