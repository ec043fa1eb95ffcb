import { equal, ok, throws } from 'node:assert/strict';
import { EspalierError, seededRandom, TaskError, target } from '@espalier/core';
import * as testing from '@espalier/core/testing';
import { weighted } from '@espalier/losses';

const random = seededRandom(7);
equal(random(), seededRandom(7)());
ok(new TaskError('digit', 'no label') instanceof EspalierError);
throws(() => target({ shape: [2] }, [true]), EspalierError);
ok(Object.keys(testing).length > 0);

const weighting = weighted({ weights: [1, 2] });
equal(weighting.step(weighting.init(2), [3, 4]).value, 11);
