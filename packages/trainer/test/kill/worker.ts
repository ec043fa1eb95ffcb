/** A worker to be killed: `node worker.mjs URL`. */
import * as engine from '@espalier/engine';
import { workOnGrid } from '../../src/grid/queue/work-on-grid.js';
import { conditions, grid } from './grid.js';

await engine.use('cpu');
await workOnGrid(grid, { ...conditions, url: process.argv[2], lease: 3 });
