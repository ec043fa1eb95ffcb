import { ClusterError } from '../errors.js';

/**
 * The address to listen on: TensorFlow's servers do whatever anybody asks of them, so nobody else may reach them.
 *
 * @param trusted Whether a private address will do.
 * @throws ClusterError where the host is not known, where its address is not of this machine alone or, if `trusted`, of
 *   a private network, and where the port is taken.
 */
export async function addressToListenOn(
  machine: string,
  hostAndPort: string,
  trusted: boolean,
): Promise<string> {
  const { lookup } = process.getBuiltinModule('node:dns/promises');
  const { BlockList } = process.getBuiltinModule('node:net');
  const [host = '', port] = hostAndPort.split(':');
  const found = await lookup(host, 4).catch((cause: Error) => {
    throw new ClusterError(`${machine}: its host is not known here: ${cause.message}.`, { cause });
  });
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  const networks = new BlockList();
  // RFC 1918, and RFC 6598, from which virtual private networks take their addresses.
  for (const [network, prefix] of [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
  ] as const)
    networks.addSubnet(network, prefix);
  if (!loopback.check(found.address)) {
    if (!networks.check(found.address)) {
      throw new ClusterError(
        `${machine}: ${found.address} is no address of a private network, and whoever reaches a server of TensorFlow ` +
          'runs what he likes on it. Use addresses of a tunnel (WireGuard), such as 10.0.0.1.',
      );
    }
    if (!trusted) {
      throw new ClusterError(
        `${machine}: ${found.address} can be reached by other machines, and whoever reaches a server of TensorFlow runs ` +
          'what he likes on it: there is no password and no encryption. If nobody else is in that network, say so with --i-trust-this-network.',
      );
    }
  }
  await expectFree(machine, found.address, Number(port));
  return found.address;
}

function expectFree(machine: string, address: string, port: number): Promise<void> {
  const { createServer } = process.getBuiltinModule('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE'
          ? `another process listens on port ${port}. End it, or give another port`
          : `it cannot listen there (${cause.message}). Is it this machine's address?`;
      reject(new ClusterError(`${machine}: ${problem}.`, { cause }));
    });
    server.listen(port, address, () => server.close(() => resolve()));
  });
}
