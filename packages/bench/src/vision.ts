/** `pnpm bench vision`: from a network's outputs to objects, for a picture of 256 × 256 pixels. */
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import {
  anchorDetection,
  detection,
  instanceSegmentation,
  type LabelledBox,
  mergePanoptic,
  semanticSegmentation,
} from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { median, normals, seeded } from './numbers.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '500' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench vision [options]

  --json FILE  write the figures to FILE
  --rounds N   how many rounds of each, in turns; the median of them is shown (default 7)
  --ms N       how long a round is (default 500)
`;

const SIDE = 256;
const OBJECTS = 60;
/** What the issue asks for, of each. */
const LIMIT_MS = 20;
const COCO_CLASSES = Array.from({ length: 80 }, (_, index) => `class ${index}`);
const engines = ['wasm', 'cpu'] as const;

/** Objects on a grid that touch their neighbours. */
const boxes: readonly LabelledBox[] = Array.from({ length: OBJECTS }, (_, index) => ({
  x: (index % 10) / 10,
  y: Math.floor(index / 10) / 6,
  width: 1 / 10,
  height: 1 / 6,
  class: index % COCO_CLASSES.length,
}));

/** Outputs of a network that has learned nothing: everything may be an object. */
function noise(shape: readonly number[]): tf.Tensor {
  const random = normals(1);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random()),
    [...shape],
  );
}

/** What an anchor-free head says that sees every object: its targets as scores. */
function sureCells(side: number): tf.Tensor {
  const head = detection({ classes: COCO_CLASSES });
  const target = head.encode([boxes], {
    task: 'objects',
    outputShape: [side, side, COCO_CLASSES.length + 4],
  });
  return tf.tidy(() => {
    const [heat, rest] = tf.split(target as tf.Tensor4D, [COCO_CLASSES.length, 5], -1);
    const probability = tf.clipByValue(heat, 1e-3, 1 - 1e-3);
    const scores = tf.log(tf.div(probability, tf.sub(1, probability)));
    return tf.concat([scores, tf.slice(rest, [0, 0, 0, 0], [-1, -1, -1, 4])], -1);
  });
}

/** What a head says that sees touching discs, or nothing but background between them. */
function discs(): tf.Tensor {
  const values = new Float32Array(SIDE * SIDE * 5);
  const random = seeded(1);
  const [width, height] = [SIDE / 10, SIDE / 6];
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
    const down = (Math.floor(row / height) + 0.5) * height - row;
    const right = (Math.floor(column / width) + 0.5) * width - column;
    const distance = (down / height) ** 2 + (right / width) ** 2;
    const inside = distance < 0.26 ? 4 : -4;
    const heat = 6 * Math.exp(-20 * distance) - 4 + 0.1 * random();
    values.set([-inside, inside, heat, down / 10, right / 10], pixel * 5);
  }
  return tf.tensor4d(values, [1, SIDE, SIDE, 5]);
}

interface Work {
  readonly name: string;
  run(): Promise<unknown>;
}

/** What a picture costs after the network, by head; and the outputs, which the caller disposes of. */
async function allWork(): Promise<{
  readonly work: readonly Work[];
  readonly outputs: readonly tf.Tensor[];
}> {
  const stride = 4;
  const cells = SIDE / stride;
  const centres = detection({ classes: COCO_CLASSES });
  const anchored = anchorDetection({ classes: COCO_CLASSES, picture: { width: SIDE, height: SIDE } });
  const anchors = [32, 16, 8].reduce((sum, one) => sum + 9 * (SIDE / one) ** 2, 0);
  const instances = instanceSegmentation({ classes: ['object'] });
  const regions = semanticSegmentation({ classes: ['background', 'object', 'sky'] });
  const seen = sureCells(cells);
  const unsure = noise([1, cells, cells, COCO_CLASSES.length + 4]);
  const anchorNoise = noise([1, anchors, COCO_CLASSES.length + 4]);
  const objects = discs();
  const scores = noise([1, SIDE, SIDE, 3]);
  const [semantic] = await regions.decode(scores);
  const [found] = await instances.decode(objects);
  const work = [
    { name: `anchor-free detection, ${OBJECTS} objects, 80 classes`, run: () => centres.decode(seen) },
    { name: 'anchor-free detection, untrained, 80 classes', run: () => centres.decode(unsure) },
    { name: 'detection by anchors, untrained, 80 classes', run: () => anchored.decode(anchorNoise) },
    {
      name: `instance segmentation, ${found!.segments.length} touching objects`,
      run: () => instances.decode(objects),
    },
    { name: 'semantic segmentation, 3 classes', run: () => regions.decode(scores) },
    {
      name: 'panoptic merging',
      run: async () => mergePanoptic(semantic!, found!, ['object'], { leastStuffArea: 64 }),
    },
  ];
  return { work, outputs: [seen, unsure, anchorNoise, objects, scores] };
}

/** The median ms of a call. */
async function msOf(work: Work, ms: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + ms;
  do {
    const start = performance.now();
    await work.run();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return median(times);
}

type EngineTimes = Record<(typeof engines)[number], number[]>;

/** Of every work the ms a call, a number a round, on every engine. */
async function measure(rounds: number, ms: number): Promise<ReadonlyMap<string, EngineTimes>> {
  const times = new Map<string, EngineTimes>();
  for (let round = 0; round <= rounds; round++) {
    for (const name of engines) {
      await engine.use(name);
      const { work, outputs } = await allWork();
      for (const one of work) {
        const found = await msOf(one, ms);
        const own = times.get(one.name) ?? { wasm: [], cpu: [] };
        times.set(one.name, own);
        // The first round warms up.
        if (round > 0) own[name].push(found);
      }
      tf.dispose([...outputs]);
    }
  }
  return times;
}

if (options.help) {
  console.log(usage);
} else {
  const times = await measure(Number(options.rounds), Number(options.ms));
  const rows = [...times].map(([name, { wasm, cpu }]) => ({ name, wasm: median(wasm), cpu: median(cpu) }));
  const machine = describeMachine();
  console.log(`${machineLine(machine)}\n\nms a picture of ${SIDE} × ${SIDE}, from outputs to objects.\n`);
  console.log(
    markdownTable(
      ['what', ...engines, 'must', ''],
      rows.map((row) => [
        row.name,
        ...engines.map((one) => row[one].toPrecision(2)),
        `≤ ${LIMIT_MS}`,
        engines.every((one) => row[one] <= LIMIT_MS) ? 'yes' : 'NO',
      ]),
    ),
  );
  if (options.json !== undefined) writeJson(options.json, { machine, rows });
}
