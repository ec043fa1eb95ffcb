export { defineExperiment, type Experiment, type ExperimentData } from './experiment.js';
