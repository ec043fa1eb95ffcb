import { markdownTable } from '../reports/markdown-table.js';

/** A number for every ordered pair of tasks: `get(row)!.get(column)`. */
export type TaskMatrix = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A matrix from a function of its row's and its column's task. */
export function taskMatrix(
  tasks: readonly string[],
  entry: (row: string, column: string) => number,
): TaskMatrix {
  return new Map(
    tasks.map((row) => [row, new Map(tasks.map((column) => [column, entry(row, column)] as const))]),
  );
}

/** The mean of matrices of the same tasks, such as those of many batches. */
export function meanMatrix(matrices: readonly TaskMatrix[]): TaskMatrix {
  const tasks = [...(matrices[0]?.keys() ?? [])];
  return taskMatrix(
    tasks,
    (row, column) =>
      matrices.reduce((sum, matrix) => sum + matrix.get(row)!.get(column)!, 0) / matrices.length,
  );
}

/** A matrix as a table to print: of an affinity, the row is the task that helps and the column the one that is helped. */
export function matrixTable(matrix: TaskMatrix, digits = 3): string {
  const tasks = [...matrix.keys()];
  return markdownTable(
    ['', ...tasks],
    tasks.map((row) => [row, ...tasks.map((column) => matrix.get(row)!.get(column)!.toFixed(digits))]),
  );
}
