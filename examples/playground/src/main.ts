import { drawCosine, drawLosses, emptyHistory } from './chart.js';
import { aggregators, sharings, weightings } from './choices.js';
import { availableEngines, type EngineName, engines, useEngine } from './engines.js';
import { fill, find, namesOf } from './page.js';
import { pointsOf, problems } from './problems.js';
import { drawRegions, gridPlaces } from './regions.js';
import { Session, TASKS } from './session.js';

const POINTS = 400;
/** For how long it learns before the page gets its turn, and from drawing to drawing; in milliseconds. */
const FRAME = 24;
const REDRAW = 150;
const rates = { '0.003': '0.003', '0.01': '0.01', '0.03': '0.03' } as const;

const list = (id: string) => find(`#${id}`, HTMLSelectElement);
const [runButton, stepButton, resetButton] = ['run', 'step', 'reset'].map((id) =>
  find(`#${id}`, HTMLButtonElement),
);
const chosen = {
  problem: fill(list('problem'), namesOf(problems), 'related'),
  sharing: fill(list('sharing'), namesOf(sharings), 'hard'),
  weighting: fill(list('weighting'), namesOf(weightings), 'sum'),
  aggregator: fill(list('aggregator'), namesOf(aggregators), 'none'),
  rate: fill(list('rate'), rates, '0.01'),
};
const status = find('#status', HTMLElement);

let points = pointsOf(chosen.problem(), POINTS, 1);
let history = emptyHistory();
let session: Session;
let running = false;
/** Steps, drawings and switches one after the other: a network is not disposed of in the middle of a step. */
let queue: Promise<void> = Promise.resolve();
const inTurn = (work: () => void | Promise<void>): Promise<void> => {
  queue = queue.then(work).catch(fail);
  return queue;
};

function fail(error: unknown): void {
  setRunning(false);
  status.textContent = `Stopped: ${error instanceof Error ? error.message : error}`;
  console.error(error);
}

function setRunning(now: boolean): void {
  running = now;
  runButton.textContent = now ? 'Pause' : history.cosines.length > 0 ? 'Go on' : 'Start';
  runButton.setAttribute('aria-pressed', String(now));
}

function begin(): void {
  session?.dispose();
  history = emptyHistory();
  compose();
}

function compose(): void {
  session = new Session(points, sharings[chosen.sharing()].make(), Number(chosen.rate()));
  combine();
}

function combine(): void {
  session.combineWith(weightings[chosen.weighting()].make(), aggregators[chosen.aggregator()].make());
  const parts = [problems[chosen.problem()], sharings[chosen.sharing()], weightings[chosen.weighting()]];
  const aggregator = aggregators[chosen.aggregator()];
  find('#about', HTMLElement).replaceChildren(
    ...[...parts, aggregator].map(({ about }) =>
      Object.assign(document.createElement('li'), { textContent: about }),
    ),
  );
  find('#weights', HTMLElement).textContent = session.parameters.toLocaleString('en');
  for (const [index, task] of TASKS.entries()) {
    find(`.${task} .name`, HTMLElement).textContent = problems[chosen.problem()].tasks[index];
  }
}

async function step(): Promise<void> {
  const { losses, cosine } = await session.step();
  for (const [index, loss] of losses.entries()) history.losses[index].push(loss);
  history.cosines.push(cosine ?? 0);
}

async function draw(): Promise<void> {
  const [regions, accuracies] = [await session.probabilities(gridPlaces), await session.accuracies()];
  for (const [index, task] of TASKS.entries()) {
    const canvas = find(`.${task} canvas`, HTMLCanvasElement);
    const percent = `${(100 * accuracies[index]).toFixed(1)} %`;
    drawRegions(canvas, regions[index], points, task);
    find(`.${task} .accuracy`, HTMLElement).textContent = percent;
    canvas.setAttribute(
      'aria-label',
      `Task ${'AB'[index]}, ${problems[chosen.problem()].tasks[index]} ${POINTS} points over the regions that the network tells apart; ${percent} of the points are on the right side.`,
    );
  }
  const recent = history.cosines.slice(-50);
  const cosine = recent.reduce((sum, value) => sum + value, 0) / Math.max(recent.length, 1);
  const agreement = recent.length > 0 ? cosine.toFixed(2).replace('-', '−') : '–';
  const [first, second] = history.losses.map((own) => own.at(-1)?.toFixed(3) ?? 'none yet');
  drawLosses(find('#losses canvas', HTMLCanvasElement), history);
  drawCosine(find('#cosine canvas', HTMLCanvasElement), history);
  find('#cosine .now', HTMLElement).textContent = agreement;
  find('#losses canvas', HTMLElement).setAttribute(
    'aria-label',
    `The losses over ${history.cosines.length} steps: task A now ${first}, task B now ${second}.`,
  );
  find('#cosine canvas', HTMLElement).setAttribute(
    'aria-label',
    `The cosine of the tasks' gradients over the steps; its mean over the last 50 is ${agreement}. Below zero they conflict.`,
  );
  find('#steps', HTMLElement).textContent = history.cosines.length.toLocaleString('en');
}

/** What a screen reader is told: on every change, and now and then while it runs. */
function tell(): void {
  const [first, second] = TASKS.map((task) => find(`.${task} .accuracy`, HTMLElement).textContent);
  status.textContent = `Step ${history.cosines.length}: task A ${first} right, task B ${second} right.`;
}

async function frame(): Promise<void> {
  const started = performance.now();
  while (running && performance.now() - started < FRAME) await step();
}

let [drawn, told, counted] = [0, 0, { at: 0, steps: 0 }];
async function loop(now: number): Promise<void> {
  if (running) {
    await inTurn(frame);
    if (now - drawn > REDRAW) {
      await inTurn(draw);
      drawn = performance.now();
    }
    if (now - counted.at > 1000) {
      const speed = ((history.cosines.length - counted.steps) * 1000) / (now - counted.at);
      if (counted.at > 0 && speed >= 0) find('#speed', HTMLElement).textContent = speed.toFixed(0);
      counted = { at: now, steps: history.cosines.length };
    }
    if (now - told > 5000) {
      tell();
      told = now;
    }
  }
  requestAnimationFrame(loop);
}

/** Begins anew on the chosen engine; on the first one, which this page has begun with, where that does not start. */
async function switchEngine(): Promise<void> {
  const wanted = list('engine').value as EngineName;
  session.dispose();
  const starts = await useEngine(wanted);
  if (!starts) {
    setRunning(false);
    await useEngine('wasm');
    list('engine').value = 'wasm';
  }
  history = emptyHistory();
  compose();
  await redraw();
  if (!starts) {
    status.textContent = `${engines[wanted]} does not start here: it goes on with ${engines.wasm}.`;
  }
}

const redraw = async () => {
  await draw();
  tell();
};
const mark = (name: string) => {
  if (history.cosines.length > 0) history.switches.push({ step: history.cosines.length, name });
};

function listen(): void {
  runButton.addEventListener('click', () => {
    setRunning(!running);
    if (!running) inTurn(redraw);
  });
  stepButton.addEventListener('click', () => {
    setRunning(false);
    inTurn(step).then(() => inTurn(redraw));
  });
  resetButton.addEventListener('click', () => inTurn(begin).then(() => inTurn(redraw)));
  list('problem').addEventListener('change', () =>
    inTurn(() => {
      points = pointsOf(chosen.problem(), POINTS, 1);
      begin();
      return redraw();
    }),
  );
  list('sharing').addEventListener('change', () =>
    inTurn(() => {
      mark(sharings[chosen.sharing()].name);
      session.dispose();
      compose();
      return redraw();
    }),
  );
  for (const [id, choices] of [
    ['weighting', weightings],
    ['aggregator', aggregators],
  ] as const) {
    list(id).addEventListener('change', () =>
      inTurn(() => {
        mark((choices as Record<string, { name: string }>)[list(id).value].name);
        combine();
      }),
    );
  }
  list('rate').addEventListener('change', () =>
    inTurn(() => {
      session.learningRate = Number(chosen.rate());
    }),
  );
  list('engine').addEventListener('change', () => inTurn(switchEngine));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => inTurn(draw));
  addEventListener('resize', () => inTurn(draw));
}

const available = await availableEngines();
list('engine').replaceChildren(...available.map((name) => new Option(engines[name], name)));
if (await useEngine('wasm')) {
  await inTurn(begin);
  await inTurn(redraw);
  listen();
  requestAnimationFrame(loop);
} else fail(new Error(`this browser does not start ${engines.wasm}.`));
