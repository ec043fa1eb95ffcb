import * as engine from '@espalier/engine';
import type { EngineChoice } from './options.js';

/** Takes an engine into use, and says which, and why no faster one. */
export async function useEngine(choice: EngineChoice = 'auto'): Promise<engine.EngineName> {
  const report = await engine.use(choice);
  for (const { engine: name, reason, remedy } of report.passedOver) {
    console.error(`Engine ${name} passed over: ${reason}. ${remedy}`);
  }
  console.error(`Engine: ${report.engine}`);
  return report.engine;
}
