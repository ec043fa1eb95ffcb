import * as engine from '@espalier/engine';
import { inject } from 'vitest';

/** Every test file of a project runs on the project's engine. */
await engine.use(inject('engine'));
