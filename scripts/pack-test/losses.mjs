import { deepEqual, equal } from 'node:assert/strict';
import { mean } from '@espalier/losses';

const weighting = mean();
const { value, weights } = weighting.step(weighting.init(3), [1, undefined, 3]);
equal(value, 2);
deepEqual([...weights], [0.5, 0, 0.5]);
