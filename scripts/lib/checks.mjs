/** Checks that all run, whatever becomes of the ones before: a line each, and a tally. */
import { CommandFailed } from './run.mjs';
import { step } from './step.mjs';

export function createChecks() {
  const tally = {
    passed: 0,
    failed: 0,
    /** Passes unless `work` throws; gives what it returned, or undefined. */
    async run(title, work) {
      try {
        const result = await step(title, work);
        tally.passed += 1;
        return result;
      } catch (error) {
        tally.failed += 1;
        process.stdout.write(`${indent(describe(error))}\n`);
        return undefined;
      }
    },
    /** The last line. */
    report() {
      console.log(`${tally.passed} passed, ${tally.failed} failed`);
      return tally.failed === 0 ? 0 : 1;
    },
  };
  return tally;
}

function describe(error) {
  if (error instanceof CommandFailed) return error.output.trim() || error.message;
  return error instanceof AggregateError ? error.errors.map(describe).join('\n') : error.message;
}

const indent = (text) => text.replace(/^/gm, '    ');
