import { bytesOf, type Constants, type Load, type Network, overhead, rateOf } from './cluster-model.js';

/**
 * The ms of a synchronous step, event by event. A parameter server sends its part of the weights to one worker after
 * another, and takes gradients in the order in which they come; meanwhile others compute. Variables are balanced over
 * the servers, so that one of them stands for all.
 *
 * @param normal draws from the standard normal distribution: how long each worker computes.
 */
export function simulatedStep(
  network: Network,
  { size, compute, spread }: Load,
  constants: Constants,
  normal: () => number,
): number {
  const { workers, servers, latency } = network;
  const rate = rateOf(network, constants);
  const { down, up } = bytesOf(size);
  const ofServer = { down: down / servers / rate, up: up / servers / rate };
  const computed = Array.from({ length: workers }, (_, place) => {
    const sent = Math.max((place + 1) * ofServer.down, down / rate);
    return sent + latency + compute * Math.exp(spread * normal() - spread ** 2 / 2);
  }).sort((a, b) => a - b);
  let free = 0;
  let end = 0;
  for (const done of computed) {
    free = Math.max(free, done + latency) + ofServer.up;
    end = Math.max(end, free, done + latency + up / rate);
  }
  return overhead(workers, constants) + end;
}
