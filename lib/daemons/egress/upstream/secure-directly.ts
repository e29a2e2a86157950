import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';

export interface SecureTarget {
  readonly host: string;
  readonly port: number;
  readonly alpn: readonly string[];
  readonly lookup: LookupFunction;
}

/** Opens TLS to a host, verified for its name. `signal` aborts the attempt. @throws Error of TCP or TLS. */
export async function secureDirectly(
  { host, port, alpn, lookup }: SecureTarget,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const socket = tlsConnect({
    host,
    port,
    lookup,
    servername: host,
    rejectUnauthorized: true,
    ALPNProtocols: [...alpn],
  });
  try {
    await once(socket, 'secureConnect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
