import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { ServerCertificate } from '../../shared/server-certificate.ts';

export interface TlsEndOptions {
  readonly leaf: ServerCertificate;
  /** Milliseconds for the handshake. */
  readonly handshakeMs: number;
  /** Called with the decrypted side of each connection; its `alpnProtocol` tells the protocol. */
  readonly opened: (socket: TLSSocket) => void;
  /** Called when the TLS handshake failed, or the agent hung up before its end. */
  readonly failed: () => void;
}

/** A TLS server that does not listen: it takes over the sockets of `connection` events, with one leaf. */
export function tlsEnd({ leaf, handshakeMs, opened, failed }: TlsEndOptions): Server {
  const server = createServer({
    ...leaf,
    // A client that offers neither protocol gets a handshake alert that says so.
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: handshakeMs,
  });
  server.on('secureConnection', opened);
  server.on('tlsClientError', (_error, socket) => {
    socket.destroy();
    failed();
  });
  return server;
}
