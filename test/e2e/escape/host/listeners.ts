import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, isIPv6, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { LISTENER_NAMES, type ListenerName, type Place } from '../attack.ts';

export interface Listener extends Place {
  readonly name: ListenerName;
  /** Connections and datagrams that came, but for those of `isThere`. */
  readonly heard: string[];
  /** Whether who is let reach it does. */
  isThere(): Promise<boolean>;
  close(): void;
}

const first = (wanted: (name: string) => boolean): string =>
  Object.entries(networkInterfaces())
    .filter(([name]) => wanted(name))
    .flatMap(([, entries]) => entries ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

/**
 * Listens by TCP and UDP on addresses of the host that no guest may reach. `gateway`: of the guest's own bridge; `bridge`: of
 * another bottle's.
 */
export async function openListeners(gateway: string, bridge: string): Promise<Listener[]> {
  const places: Record<ListenerName, string> = {
    loopback: '127.0.0.1',
    // The last of the pool; no test has sixteen bottles at once.
    alias: '127.0.0.31',
    lan: first((name) => !/^(docker|br-|veth)/.test(name)),
    gateway,
    bridge,
    loopback6: hasIPv6() ? '::1' : '127.0.0.1',
  };
  return Promise.all(LISTENER_NAMES.map((name) => listen(name, places[name])));
}

const hasIPv6 = () =>
  Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));

async function listen(name: ListenerName, host: string): Promise<Listener> {
  const heard: string[] = [];
  let own = false;
  const server: Server = createServer((socket) => {
    if (!own) heard.push('a connection');
    socket.on('error', () => {}).end('hello\n');
  });
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  datagrams.on('message', (message) => heard.push(`a datagram: ${message.toString('latin1').slice(0, 40)}`));
  await once(datagrams.bind(port, host), 'listening');
  const isThere = async () => {
    own = true;
    const socket = connect({ host, port });
    const [greeting] = await once(socket, 'data');
    socket.destroy();
    own = false;
    return String(greeting) === 'hello\n';
  };
  const close = () => {
    server.close();
    datagrams.close();
  };
  return { name, host, port, heard, isThere, close };
}
