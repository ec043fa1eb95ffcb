// AssemblyScript: see pictures.ts.

export { filterGradient } from './filter-gradients';
export { convolutionInputGradient, depthwiseInputGradient } from './input-gradients';
