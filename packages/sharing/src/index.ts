export { type AdaptersOptions, adapters } from './adapters.js';
export { type BranchedSharingOptions, branchedSharing, type TaskGroups } from './branched-sharing.js';
export { type CgcOptions, cgc } from './cgc.js';
export { type CrossStitchOptions, crossStitch } from './cross-stitch.js';
export { type CrossTaskPlace, crossTaskAttention } from './cross-task-attention.js';
export { type DSelectKOptions, dselectK } from './dselect-k.js';
export { SharingError } from './errors.js';
export type { ExpertPlace } from './experts.js';
export { film } from './film.js';
export { type GateUse, gateUse, gateUseTable } from './gate-use.js';
export { type GradualUnfreezingOptions, gradualUnfreezing } from './gradual-unfreezing.js';
export { hardSharing } from './hard-sharing.js';
export { chosenBranches, type LearnedBranchesOptions, learnedBranches } from './learned-branches.js';
export { type LowRankAdaptersOptions, lowRankAdapters } from './low-rank-adapters.js';
export { type MmoeOptions, mmoe } from './mmoe.js';
export { mtan } from './mtan.js';
export { type NddrOptions, nddr } from './nddr.js';
export { type PleOptions, ple } from './ple.js';
export { type AffinityMonitor, affinityMonitor } from './relatedness/affinity-monitor.js';
export { featureSimilarity } from './relatedness/feature-similarity.js';
export { type BranchPlan, type BranchStage, findBranches } from './relatedness/find-branches.js';
export { type GradientCosine, gradientCosines } from './relatedness/gradient-cosines.js';
export { type GroupTasksOptions, groupTasks, type TaskGrouping } from './relatedness/group-tasks.js';
export {
  type Interference,
  type InterferenceMonitor,
  interferenceMonitor,
} from './relatedness/interference-monitor.js';
export { linearCka } from './relatedness/linear-cka.js';
export { startHeadsAtZero } from './relatedness/start-heads-at-zero.js';
export { type TaskAffinityOptions, taskAffinity } from './relatedness/task-affinity.js';
export { matrixTable, meanMatrix, type TaskMatrix } from './relatedness/task-matrix.js';
export { transferMatrix } from './relatedness/transfer-matrix.js';
export { type Diagram, diagram } from './reports/diagram.js';
export { summary } from './reports/summary.js';
export { type TaskCost, taskCosts } from './reports/task-costs.js';
export { type SluiceOptions, sluice } from './sluice.js';
export { type SoftSharingOptions, softSharing } from './soft-sharing.js';
export { stagesOfLayers } from './stages.js';
export { type TaskTokensOptions, taskTokens } from './task-tokens.js';
