import type { Predictions } from '@espalier/core';
import { vaderSources } from '@espalier/datasets/node';
import { escapeHtml } from '@espalier/trainer/node';
import { heads } from './network.js';
import type { ReadText, ReviewHeads } from './texts.js';

/** Every metric of both tasks by source, as an HTML table. */
export function bySource(texts: readonly ReadText[], predictions: Predictions<ReviewHeads>): string {
  const [accuracy] = heads.source.metrics;
  const names = [
    'source accuracy',
    ...heads.sentiment.metrics.map(({ name }) => `sentiment ${name}`),
    'texts',
  ];
  const rows = vaderSources.map((source) => {
    const own = texts.flatMap((text, index) => (text.source === source ? [index] : []));
    if (own.length === 0) return '';
    const found = own.map((index) => predictions.source[index]);
    const values = [
      accuracy.compute(
        found,
        own.map(() => source),
      ),
      ...heads.sentiment.metrics.map((metric) =>
        metric.compute(
          own.map((index) => predictions.sentiment[index]),
          own.map((index) => texts[index].rating),
        ),
      ),
    ];
    const cells = [...values.map((value) => value.toFixed(3)), own.length];
    return `<tr><th scope="row">${source}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const heading = names.map((name) => `<th>${name}</th>`).join('');
  return `<table id="sources"><thead><tr><th>source</th>${heading}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Texts with what is true and what the network says, as HTML. */
export function gallery(texts: readonly ReadText[], predictions: Predictions<ReviewHeads>): string {
  const items = texts.map(({ text, source, rating }, index) => {
    const { label, rating: guess } = predictions.sentiment[index];
    const said = predictions.source[index].label;
    return `<blockquote class="text ${label}">${escapeHtml(text)}
<footer>${source}${said === source ? '' : ` (predicted ${said})`} · people ${rating.toFixed(1)}, network ${guess.toFixed(1)}, ${label}</footer></blockquote>`;
  });
  return `<style>${STYLE}</style>\n${items.join('\n')}`;
}

const STYLE = `
.text { margin: 1rem 0; padding: .3rem .8rem; border-left: .3rem solid #b9b5a4; }
.text footer { font-size: .8rem; color: #5b6b5e; }
.positive { border-color: #2f7d4f; } .negative { border-color: #a3271d; }
`;
