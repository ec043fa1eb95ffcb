import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readSpec } from '../src/cluster/spec.js';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/cluster.md'), 'utf8');
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
const [job, compose] = blocks('yaml').map((text) => parse(text, { merge: true }));

test("the guide's TFJob has the form that the training operator takes", () => {
  expect(job).toMatchObject({ apiVersion: 'kubeflow.org/v1', kind: 'TFJob', metadata: { name: 'espalier' } });
  const replicas: Record<string, { replicas: number; template: { spec: { containers: object[] } } }> =
    job.spec.tfReplicaSpecs;
  expect(Object.keys(replicas).sort()).toEqual(['Chief', 'PS', 'Worker']);
  for (const { replicas: count, template } of Object.values(replicas)) {
    expect(count).toBeGreaterThan(0);
    // The operator looks for this container, and for this port.
    expect(template.spec.containers).toEqual([
      expect.objectContaining({
        name: 'tensorflow',
        image: expect.any(String),
        command: expect.any(Array),
        ports: [{ name: 'tfjob-port', containerPort: 2222 }],
      }),
    ]);
  }
});

test("the guide's Compose file tells every service the same cluster, and which task it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-guide-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const services: Record<string, { image: string; networks: string[]; environment: { TF_CONFIG: string } }> =
    compose.services;
  const tasks = Object.entries(services).map(([name, { image, networks, environment }]) => {
    expect([image, networks]).toEqual(['registry.example.org/mine:1', ['cluster']]);
    const file = join(folder, `${name}.json`);
    writeFileSync(file, environment.TF_CONFIG);
    const { jobs, task } = readSpec(file);
    expect(jobs[task!.job][task!.index]).toBe(`${name}:2222`);
    return { jobs, task };
  });
  expect(new Set(tasks.map(({ jobs }) => JSON.stringify(jobs))).size).toBe(1);
  expect(new Set(tasks.map(({ task }) => JSON.stringify(task))).size).toBe(4);
});

test("the guide's cluster file is one", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-guide-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, 'cluster.json'), blocks('json')[0]!);
  expect(readSpec(join(folder, 'cluster.json')).jobs.worker).toHaveLength(2);
});
