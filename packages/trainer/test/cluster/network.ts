import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** Hosts that reach each other over a network of their own: Linux network namespaces, joined by a bridge. */
export class Network {
  private readonly id = `espalier-${randomUUID().slice(0, 8)}`;

  private constructor(private readonly hosts: readonly string[]) {}

  /** @throws Error where the system does not allow it. It takes root, and iproute2. */
  static create(hosts: readonly string[]): Network {
    const network = new Network(hosts);
    try {
      execFileSync('sh', ['-ec', network.setUp()], { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      network.delete();
      throw error;
    }
    return network;
  }

  address(host: string): string {
    return `10.77.0.${this.hosts.indexOf(host) + 1}`;
  }

  /** What a command line begins with to run on a host. */
  on(host: string): string[] {
    return ['ip', 'netns', 'exec', this.namespace(host)];
  }

  delete(): void {
    const names = [...this.hosts, 'bridge'].map((host) => `ip netns delete ${this.namespace(host)}`);
    execFileSync('sh', ['-c', `(${names.join('; ')}; true) 2>/dev/null`]);
  }

  private namespace(host: string): string {
    return `${this.id}-${host.replace(':', '-')}`;
  }

  private setUp(): string {
    const middle = this.namespace('bridge');
    const host = (name: string, index: number) => {
      const own = this.namespace(name);
      return `
        ip netns add ${own}
        ip -n ${own} link add eth0 type veth peer name port${index} netns ${middle}
        ip -n ${middle} link set port${index} master bridge up
        ip -n ${own} address add ${this.address(name)}/24 dev eth0
        ip -n ${own} link set lo up
        ip -n ${own} link set eth0 up`;
    };
    return `
      ip netns add ${middle}
      ip -n ${middle} link add bridge type bridge
      ip -n ${middle} link set bridge up
      ${this.hosts.map(host).join('\n')}`;
  }
}
