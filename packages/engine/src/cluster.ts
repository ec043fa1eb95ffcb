export {
  type Cluster,
  type ClusterEvent,
  type ConnectOptions,
  connect,
} from './cluster/connect.js';
export { type Examples, type ServeOptions, serve, type WorkerExamples } from './cluster/serve.js';
export { type ClusterSpec, parseTask, readSpec, type Task } from './cluster/spec.js';
export { WorkerBatch } from './cluster/worker-batch.js';
