import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ALIAS_POOL, missingAliases } from '../alias-pool.ts';

export interface HostListener {
  name: string;
  host: string;
  port: number;
  /** Connections so far; counts a guest that got through, whatever the guest reports. */
  connections(): number;
  close(): Promise<void>;
}

/**
 * Opens listeners on host addresses that a guest must not reach: 127.0.0.1, another bottle's alias and, if
 * there is one, an address on the local network. The system picks the ports.
 */
export async function openHostListeners(alias: string): Promise<HostListener[]> {
  const missing = missingAliases();
  const other = ALIAS_POOL.find((candidate) => candidate !== alias && !missing.includes(candidate));
  const lan = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address;
  return Promise.all([
    listen('the host’s 127.0.0.1', '127.0.0.1'),
    ...(other === undefined ? [] : [listen('another bottle’s alias', other)]),
    ...(lan === undefined ? [] : [listen('the host’s address on its network', lan)]),
  ]);
}

async function listen(name: string, host: string): Promise<HostListener> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject).listen(0, host, () => resolve(portOf(server)));
  });
  return {
    name,
    host,
    port,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
