import { type ExampleRun, type Figures, runExample, writeResults } from '@espalier/example-kit';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { answersOf, readTexts, scoresOf } from './examples.js';
import { answerGallery, translationGallery } from './gallery.js';
import { compose } from './network.js';
import { prepare } from './prepare.js';
import { EPOCHS, recipe } from './settings.js';
import { microWorld, type TextSet, xquadTexts } from './texts.js';

const SHOWN = 25;
/** How many sentences and questions a quick run learns from, and is tested on. */
const QUICK = { train: 96, test: 16 };
/** As much of what a quick run reads may be padding, for all to have one length. */
const QUICK_WASTE = 0.9;

await runExample({
  name: 'translate-answer',
  sets: ['micro-world', 'xquad'],
  epochs: { default: EPOCHS, quick: 2 },
  run: (options) => learn(options.set === 'xquad' ? xquadTexts : microWorld, options),
});

async function learn(
  set: TextSet,
  { engine, epochs, seed, quick, folder, keep, signal, watch }: ExampleRun,
): Promise<Figures> {
  const read = async (split: 'train' | 'test') => {
    const { pairs, questions } = await set.read(split, seed);
    const count = quick ? QUICK[split] : Number.POSITIVE_INFINITY;
    const texts = { pairs: pairs.slice(0, count), questions: questions.slice(0, count) };
    return readTexts(texts, set.window);
  };
  const [learned, held] = [await read('train'), await read('test')];
  const { features, heads, train, measured: test } = prepare(learned, held, quick ? QUICK_WASTE : undefined);
  const comparison = await compareWithSingleTasks({
    heads,
    compose: (own) => compose(own, features, seed),
    train,
    test,
    ...recipe,
    epochs,
    seed,
    watch,
    keep,
    signal,
  });

  const predictions = await predict(comparison.model, test, { batchSize: recipe.batchSize });
  const answered = predictions.answer.slice(held.pairs.length);
  const answers = answersOf(held, answered);
  const { exactMatch, f1 } = scoresOf(held, answers);
  const asked = `By SQuAD's rules: exact match ${exactMatch.toFixed(3)}, F1 ${f1.toFixed(3)}`;
  for (const { name, evaluation } of comparison.runs) console.log(`${name}: ${JSON.stringify(evaluation)}`);
  console.log(asked);
  await writeResults(folder, comparison, {
    title: `Translation and answers: one encoder reads for both, in ${set.title}`,
    summary:
      `${epochs} epochs of ${learned.pairs.length} sentences and ${learned.questions.length} questions, in batches of ` +
      `${recipe.batchSize} on the ${engine} engine, seed ${seed}; no pretrained weights. Measured on ${held.pairs.length} ` +
      `sentences and ${held.questions.length} questions: ${set.held}.${set.limits === undefined ? '' : ` ${set.limits}`}`,
    sections: [
      { title: 'Translations', html: translationGallery(held, predictions.translation, SHOWN) },
      { title: 'Answers', html: `<p>${asked}.</p>${answerGallery(held, answers, SHOWN)}` },
    ],
  });
  return comparison;
}
