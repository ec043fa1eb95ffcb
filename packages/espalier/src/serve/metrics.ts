import * as tf from '@tensorflow/tfjs-core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the service counts, for Prometheus. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly batchSize: Histogram;
  readonly forwardSeconds: Histogram;
}

/** @param waiting how many examples wait for a forward pass now. */
export function serviceMetrics(waiting: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('espalier_waiting_examples', 'Examples that wait for a forward pass', waiting);
  gauge('espalier_tensors', 'Tensors that are alive', () => tf.memory().numTensors);
  gauge('espalier_tensor_bytes', 'Bytes of the tensors that are alive', () => tf.memory().numBytes);
  return {
    registry,
    requests: new Counter({
      name: 'espalier_requests_total',
      help: 'Requests that were answered',
      labelNames: ['route', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'espalier_request_duration_seconds',
      help: 'From the request to its answer',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    batchSize: new Histogram({
      name: 'espalier_batch_examples',
      help: 'Examples in a forward pass',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
    forwardSeconds: new Histogram({
      name: 'espalier_forward_seconds',
      help: 'A forward pass of a batch through the network and all heads, decoding included',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
