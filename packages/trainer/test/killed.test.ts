import { expect, inject, test } from 'vitest';
import { killed, trainings } from './kill/kill.js';

/**
 * How often each training is killed. For many:
 *
 *     KILLS=34 npx vitest run packages/trainer/test/killed --project wasm --silent=false
 */
const kills = Number(process.env.KILLS ?? 2);

// It brings its own engine, so once is enough.
test.skipIf(inject('engine') !== 'wasm').each(trainings)(
  'killed at random moments, it goes on with the losses of one that was left alone: %s',
  async (name) => {
    const found = await killed(name, kills, Number(process.env.SEED ?? 1));
    console.info(name, JSON.stringify(found));
    expect(found.kills).toBeGreaterThanOrEqual(kills);
    expect(found.ends).toBeGreaterThan(0);
  },
  120_000 + kills * 20_000,
);
