import type { Predictions } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { type heads, speakers } from './network.js';
import type { Recording } from './recordings.js';

/** The test recordings that the network gets wrong, as HTML. */
export function mistakes(
  recordings: readonly Recording[],
  data: DataOf<typeof heads>,
  predictions: Predictions<typeof heads>,
): string {
  const rows = recordings.flatMap(({ digit, speaker, take }, index) => {
    const { labels } = data.at(index);
    const said = predictions.digit[index];
    const by = predictions.speaker[index];
    if (said.index === labels.digit && by.index === labels.speaker) return [];
    const sure = (probabilities: Float32Array, at: number) => `${Math.round(100 * probabilities[at])} %`;
    return `<tr><th scope="row">${digit}_${speaker}_${take}.wav</th><td>${said.label} (${sure(said.probabilities, said.index)})</td>
<td>${by.label} (${sure(by.probabilities, by.index)})</td></tr>`;
  });
  return `<p>${rows.length} of ${recordings.length} recordings have a mistake in one or both. Speakers: ${speakers.join(', ')}.</p>
<table id="mistakes"><thead><tr><th>recording</th><th>heard digit</th><th>heard speaker</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`;
}
