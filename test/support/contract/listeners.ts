import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A host service on one address, over TCP and UDP on the same port, that records its peers and datagrams. */
export interface Listener extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly tcpPeers: readonly string[];
  readonly datagrams: readonly string[];
}

/** Sends `hello from ADDRESS` on each TCP connection, and `echo TEXT` for each datagram. */
export async function listen(address: string, wanted = 0): Promise<Listener> {
  const tcpPeers: string[] = [];
  const datagrams: string[] = [];
  const server = createServer((socket) => {
    tcpPeers.push(socket.remoteAddress ?? '');
    socket.on('error', () => undefined);
    socket.end(`hello from ${address}`);
  });
  server.listen(wanted, address);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const udp = createSocket('udp4');
  udp.on('message', (message, peer) => {
    datagrams.push(message.toString());
    udp.send(`echo ${message}`, peer.port, peer.address, () => undefined);
  });
  udp.bind(port, address);
  await once(udp, 'listening');
  return {
    address,
    port,
    tcpPeers,
    datagrams,
    async [Symbol.asyncDispose]() {
      udp.close();
      server.close();
      await once(server, 'close');
    },
  };
}
