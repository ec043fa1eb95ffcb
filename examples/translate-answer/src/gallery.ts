import { splitWords } from '@espalier/datasets';
import type { GeneratedText } from '@espalier/nlp-heads';
import { escapeHtml } from '@espalier/trainer/node';
import type { ReadTexts } from './examples.js';

/** Translations beside references, and where the decoder looked for each word, as HTML. */
export function translationGallery(
  { pairs, sentences }: ReadTexts,
  translations: readonly GeneratedText[],
  count: number,
): string {
  const items = pairs.slice(0, count).map(({ source, target }, index) => {
    const { text, attention } = translations[index];
    const verdict = text === target ? 'right' : 'wrong';
    const reference = text === target ? '' : `<p class="reference">${escapeHtml(target)}</p>`;
    return `<div class="pair"><p>${escapeHtml(source)}</p><p class="${verdict}">${escapeHtml(text)}</p>${reference}
<details><summary>attention</summary>${attentionTable(sentences[index], splitWords(text), attention)}</details></div>`;
  });
  return `<style>${STYLE}</style>\n${items.join('\n')}`;
}

/** A row for every word that was written, a column for every one that was read. */
function attentionTable(
  source: readonly string[],
  written: readonly string[],
  attention: readonly Float32Array[],
): string {
  const head = source.map((word) => `<th>${escapeHtml(word)}</th>`).join('');
  const rows = written.slice(0, attention.length).map((word, row) => {
    const cells = source.map((read, column) => {
      const share = attention[row][column];
      const title = `${word} ← ${read}: ${share.toFixed(2)}`;
      return `<td style="background:rgba(47,125,79,${share.toFixed(2)})" title="${escapeHtml(title)}"></td>`;
    });
    return `<tr><th>${escapeHtml(word)}</th>${cells.join('')}</tr>`;
  });
  return `<table class="attention"><tr><th></th>${head}</tr>${rows.join('')}</table>`;
}

/** Questions with their paragraphs, in which what the network answers is marked, as HTML. */
export function answerGallery({ questions }: ReadTexts, answers: readonly string[], count: number): string {
  const items = questions.slice(0, count).map(({ context, question, answers: right }, index) => {
    const said = answers[index];
    const wanted = right.length === 0 ? '' : right[0].text;
    const verdict = said === wanted ? 'right' : 'wrong';
    const start = said === '' ? -1 : context.indexOf(said);
    const paragraph =
      start < 0
        ? escapeHtml(context)
        : `${escapeHtml(context.slice(0, start))}<mark class="${verdict}">${escapeHtml(said)}</mark>${escapeHtml(context.slice(start + said.length))}`;
    const note = said === wanted ? '' : ` Right: ${escapeHtml(wanted === '' ? 'no answer' : wanted)}.`;
    return `<div class="pair question"><p><b>${escapeHtml(question)}</b> ${said === '' ? `<span class="${verdict}">No answer.</span>` : ''}${note}</p><p>${paragraph}</p></div>`;
  });
  return items.join('\n');
}

const STYLE = `
.pair { margin: 1rem 0; } .pair p { margin: .15rem 0; }
.pair .right { background: #cfe8d4; } .pair .wrong { background: #f5cfc4; } .reference { color: #5b6b5e; }
.attention { border-collapse: collapse; font-size: .75rem; } .attention td { width: 1.6rem; border: 1px solid #e2e0d6; }
.attention th { font-weight: normal; padding: 0 .3rem; }
`;
