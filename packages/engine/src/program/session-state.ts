import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import type { HostValues } from './binding.js';
import type { StateNodes } from './graph.js';

/** What runs a graph: feeds tensors to nodes, and gives the tensors of others, which are the caller's. */
export interface GraphSession {
  run(what: string, feeds: ReadonlyMap<string, tf.Tensor>, fetches: readonly string[]): tf.Tensor[];
  /** The tensors of nodes that read variables. */
  read(nodes: readonly string[]): tf.Tensor[];
  /** Their values, maybe in TensorFlow's own memory: not to be written in. They stay as they are while others run. */
  peek(nodes: readonly string[]): HostValues[];
  /** Feeds values of variables to nodes, and runs others that put them in place. */
  write(values: ReadonlyMap<string, tf.Tensor>, loads: readonly string[]): void;
}

/** The variables of a program and where a session has them. */
export class SessionState {
  /** The variables that the session has, each with the data that it had when both were last the same. */
  private readonly loaded = new Map<tf.Variable, object>();

  constructor(
    private readonly state: () => readonly tf.Variable[],
    private readonly nodesOf: (variable: tf.Variable) => StateNodes,
  ) {}

  get variables(): readonly tf.Variable[] {
    return [...this.loaded.keys()];
  }

  /** Brings the variables up to date; those that were assigned to outside of the program are newer. */
  sync(session: GraphSession): void {
    const variables = this.variables.filter(
      (variable) => !variable.isDisposed && this.loaded.get(variable) === variable.dataId,
    );
    const values = this.values(session, variables);
    variables.forEach((variable, index) => {
      variable.assign(values[index]!);
      this.loaded.set(variable, variable.dataId);
    });
    tf.dispose(values);
  }

  /** The values of variables, those that were assigned outside of the program included. */
  peek(session: GraphSession, variables: readonly tf.Variable[]): HostValues[] {
    this.loadChanged(session);
    return session.peek(variables.map((variable) => this.nodesOf(variable).read));
  }

  /** Has the session take over all of them the next time. */
  load(): void {
    for (const variable of this.loaded.keys()) this.loaded.set(variable, {});
  }

  /** Takes over what was assigned to the variables outside of the program. */
  loadChanged(session: GraphSession): void {
    const changed = this.state().filter((variable) => this.loaded.get(variable) !== variable.dataId);
    if (changed.length === 0) return;
    const disposed = changed.find(({ isDisposed }) => isDisposed);
    if (disposed !== undefined) {
      throw new ProgramError(`the variable '${disposed.name}' of the program's state is disposed`);
    }
    this.assign(session, changed, changed);
    for (const variable of changed) this.loaded.set(variable, variable.dataId);
  }

  assign(session: GraphSession, variables: readonly tf.Variable[], values: readonly tf.Tensor[]): void {
    if (variables.length === 0) return;
    const nodes = variables.map((variable) => this.nodesOf(variable));
    const feeds = new Map(nodes.map(({ value }, index) => [value, values[index]!]));
    const loads = nodes.map(({ load }) => load);
    session.write(feeds, loads);
  }

  values(session: GraphSession, variables: readonly tf.Variable[]): tf.Tensor[] {
    if (variables.length === 0) return [];
    const reads = variables.map((variable) => this.nodesOf(variable).read);
    return session.read(reads);
  }
}
