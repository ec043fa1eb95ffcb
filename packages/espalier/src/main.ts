import { readFileSync } from 'node:fs';
import { EspalierError } from '@espalier/core';
import { DatasetError } from '@espalier/datasets';
import { EngineError } from '@espalier/engine';
import { GridInterruptedError, InterruptedError, TrainerError } from '@espalier/trainer';
import { Command, CommanderError } from 'commander';
import { compare } from './commands/compare.js';
import { doctor } from './commands/doctor.js';
import { exportModel } from './commands/export.js';
import { predict } from './commands/predict.js';
import { serve } from './commands/serve.js';
import { train } from './commands/train.js';
import { worker } from './commands/worker.js';
import { CommandError, UsageError } from './errors.js';
import { exitCodes } from './exit-codes.js';

const commands = [train, compare, worker, predict, serve, exportModel, doctor];

/**
 * Runs the command line.
 *
 * @param args what follows the program's name.
 * @returns the exit code: see `exitCodes`.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      console.error(
        `${oneLine(error.message)
          .replace(/^error: /, '')
          .replace(/\.+$/, '')}. See: ${commandOf(program, args)} --help`,
      );
      return exitCodes.usage;
    }
    if (!isForeseen(error)) console.error(error);
    else console.error(oneLine(error.message));
    return exitCodeOf(error);
  }
}

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const program = new Command('espalier')
    .description('Multi-task learning: one shared trunk, many task heads.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Exit codes: ${exitCodes.done} done, ${exitCodes.failed} not possible, ${exitCodes.usage} wrong usage, ${exitCodes.interrupted} interrupted.
Each command says more: espalier train --help`,
    );
  for (const command of commands) command(program);
  return program;
}

/** The command that was meant, as far as it is one. */
function commandOf(program: Command, [name]: readonly string[]): string {
  return program.commands.some((command) => command.name() === name) ? `espalier ${name}` : 'espalier';
}

/** Errors that say themselves what to do. Of any other, people need to see where it comes from. */
function isForeseen(error: unknown): error is Error {
  return (
    error instanceof CommandError ||
    error instanceof EspalierError ||
    error instanceof TrainerError ||
    error instanceof DatasetError ||
    error instanceof EngineError ||
    (error instanceof Error && 'syscall' in error)
  );
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError || error instanceof GridInterruptedError)
    return exitCodes.interrupted;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
