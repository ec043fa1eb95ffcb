import type { MetricValues } from '@espalier/trainer';
import { escapeHtml } from '@espalier/trainer/node';

/** Every metric of every network, a row each, as an HTML table. */
export function metricTable(
  networks: readonly { readonly name: string; readonly evaluation: MetricValues }[],
): string {
  const rows = networks.flatMap(({ name, evaluation }) =>
    Object.entries(evaluation).flatMap(([task, metrics]) =>
      Object.entries(metrics).map(
        ([metric, value]) =>
          `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(task)}</td><td>${escapeHtml(metric)}</td>` +
          `<td>${value.toFixed(4)}</td></tr>`,
      ),
    ),
  );
  return `<table id="metrics"><thead><tr><th>network</th><th>task</th><th>metric</th><th>value</th></tr></thead>
<tbody>${rows.join('')}</tbody></table>`;
}
