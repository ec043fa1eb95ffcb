import type { Heads, MultiTaskModel } from '@espalier/core';
import type { ExamplePredictions } from '../predict-each.js';
import type { Limits } from './limits.js';
import { fileTypes } from './request.js';

export interface Described {
  readonly name: string;
  readonly model: MultiTaskModel<Heads>;
  /** What predictions look like. */
  readonly example: ExamplePredictions;
  readonly limits: Limits;
  readonly takesFiles: boolean;
}

/** The service's description, as OpenAPI 3.1 has it. */
export function describeService({ name, model, example, limits, takesFiles }: Described): object {
  const schemaOf = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });
  const json = (description: string, schema: string) => ({
    description,
    content: { 'application/json': { schema: schemaOf(schema) } },
  });
  const refusals = Object.fromEntries(
    Object.entries(refused(limits)).map(([status, description]) => [status, json(description, 'Error')]),
  );
  const files = takesFiles ? fileTypes : [];
  const shape = model.inputShape.map((size) => size ?? 'any length').join(', ');
  return {
    openapi: '3.1.0',
    info: {
      title: name,
      version: '1',
      description: `Predictions of ${model.tasks.map((task) => task.name).join(', ')} by one network. Inputs: [${shape}].`,
    },
    paths: {
      '/predict': {
        post: {
          operationId: 'predict',
          summary: 'What the network says about examples: every task, in one forward pass',
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: schemaOf('Instances') },
              ...Object.fromEntries(
                files.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
              ),
            },
          },
          responses: {
            200: json('The predictions, in the order of the examples', 'Predictions'),
            ...refusals,
          },
        },
      },
      '/health': {
        get: {
          operationId: 'health',
          summary: 'Whether the service runs',
          responses: { 200: json('It does', 'Health') },
        },
      },
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'Counts and times, for Prometheus',
          responses: {
            200: { description: 'The metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
          },
        },
      },
    },
    components: {
      schemas: {
        Instances: {
          type: 'object',
          required: ['instances'],
          additionalProperties: false,
          properties: {
            instances: { type: 'array', minItems: 1, maxItems: limits.maxBatch, items: schemaOf('Instance') },
          },
        },
        Instance: {
          oneOf: [
            {
              type: 'array',
              description: 'Numbers, one after another or in lists as deep as the input shape',
            },
            ...(takesFiles
              ? [
                  { type: 'string', description: 'A text' },
                  {
                    type: 'object',
                    required: ['b64'],
                    additionalProperties: false,
                    properties: { b64: { type: 'string', description: 'A file in base64' } },
                  },
                ]
              : []),
          ],
        },
        Predictions: {
          type: 'object',
          required: ['predictions'],
          properties: { predictions: { type: 'array', items: schemaOf('Prediction') } },
        },
        Prediction: {
          type: 'object',
          required: model.tasks.map((task) => task.name),
          properties: Object.fromEntries(
            model.tasks.map((task) => [
              task.name,
              { description: `What its ${task.head.kind} head predicts`, examples: [example[task.name]] },
            ]),
          ),
        },
        Health: {
          type: 'object',
          required: ['status', 'name', 'engine', 'tasks'],
          properties: {
            status: { const: 'ok' },
            name: { type: 'string' },
            engine: { type: 'string' },
            tasks: { type: 'array', items: { type: 'string' } },
          },
        },
        Error: {
          type: 'object',
          required: ['statusCode', 'error', 'message'],
          properties: {
            statusCode: { type: 'integer' },
            error: { type: 'string' },
            message: { type: 'string', description: 'What is wrong, and what was expected' },
          },
        },
      },
    },
  };
}

const refused = ({ maxBytes, timeoutMs, maxWaiting }: Limits) => ({
  400: 'The body is no example that the network takes',
  408: `The request did not arrive within ${timeoutMs} ms`,
  413: `The body has more than ${maxBytes} bytes`,
  415: 'The body is of a kind that is not taken',
  503: `More than ${maxWaiting} examples wait, or the answer took too long; try again`,
});
