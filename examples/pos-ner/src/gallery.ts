import type { Predictions } from '@espalier/core';
import type { TaggedSentence } from '@espalier/datasets/node';
import { type Entity, entitiesOf } from '@espalier/nlp-heads';
import { escapeHtml } from '@espalier/trainer/node';
import type { TaggingHeads } from './sentences.js';

/** Sentences with the entities that are there and those that the network finds, and its parts of speech, as HTML. */
export function gallery(
  sentences: readonly TaggedSentence[],
  { pos, ner }: Predictions<TaggingHeads>,
): string {
  const items = sentences.map((sentence, index) => {
    const truth = entitiesOf(sentence.ner);
    const found = entitiesOf(ner[index]);
    const isSame = (a: Entity, b: Entity) => a.type === b.type && a.start === b.start && a.end === b.end;
    const words = sentence.tokens.map((token, place) => {
      const own = found.find(({ start, end }) => start <= place && place < end);
      const real = truth.find(({ start, end }) => start <= place && place < end);
      const isRight = own !== undefined && truth.some((entity) => isSame(entity, own));
      const kind = own === undefined ? (real === undefined ? '' : 'missed') : isRight ? 'right' : 'wrong';
      const label = own?.start === place ? `<b>${escapeHtml(own.type)}</b> ` : '';
      const said = pos[index][place];
      const wanted = sentence.pos[place];
      const tag = said === wanted ? said : `${said} ≠ ${wanted}`;
      return `<span class="${kind}">${label}${escapeHtml(token)}<small class="${said === wanted ? '' : 'bad'}">${escapeHtml(tag)}</small></span>`;
    });
    return `<p class="sentence">${words.join(' ')}</p>`;
  });
  return `<style>${STYLE}</style>
<p>Boxes are entities that the network finds: <span class="right">right</span>, <span class="wrong">wrong</span>;
dashed are those that it <span class="missed">misses</span>. Below each word its part of speech.</p>
${items.join('\n')}`;
}

const STYLE = `
.sentence { display: flex; flex-wrap: wrap; gap: .3rem .35rem; margin: 1rem 0; }
.sentence span { padding: .05rem .25rem; border-radius: .3rem; } .sentence b { font-size: .7rem; }
.sentence small { display: block; font-size: .6rem; color: #5b6b5e; } .sentence .bad { color: #a3271d; }
.right { background: #cfe8d4; } .wrong { background: #f5cfc4; } .missed { outline: 1px dashed #a3271d; }
`;
