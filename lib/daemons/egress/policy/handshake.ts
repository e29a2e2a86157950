import { headerOf, valuesOf } from '../../shared/raw-headers.ts';
import { type Admission, type Denial, deny } from './verdict.ts';

/** The only WebSocket version (RFC 6455). */
const VERSION = '13';

export interface Handshake {
  readonly method: string;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  /** `Upgrade` header, or `:protocol` of HTTP/2, in lower case. */
  readonly upgrade: string;
  /** HTTP version, e.g. `1.1`. */
  readonly version: string;
}

/** An extended CONNECT corresponds to a GET in HTTP/1.1, and routes treat it as one. */
export function methodAskedBy({ method, version, upgrade }: Handshake): string {
  return version === '2' && method === 'CONNECT' && upgrade !== '' ? 'GET' : method;
}

/**
 * Why the request may not open a WebSocket; `undefined` if it may or does not ask for one. Over HTTP/1.1 an
 * upgrade to another protocol is an offer that may be ignored; over HTTP/2 it is the whole purpose of the
 * request.
 */
export function handshakeDenial(handshake: Handshake, { host, rule }: Admission): Denial | undefined {
  const { version, upgrade } = handshake;
  if (upgrade === '' || (version !== '2' && !upgrade.includes('websocket'))) return undefined;
  if (!upgrade.includes('websocket')) {
    const reason = 'The request asks for another protocol than WebSocket.';
    return deny('upgrade-refused', host, reason, 'Use plain requests, or a WebSocket.', rule);
  }
  const fault = version === '2' ? faultOverHttp2(handshake) : faultOverHttp1(handshake);
  if (fault === undefined) return undefined;
  const reason = `The request for a WebSocket is invalid: ${fault}.`;
  return deny('handshake-invalid', host, reason, 'Open it as RFC 6455 or RFC 8441 says.', rule);
}

/** What is wrong, as the end of a sentence. */
function faultOverHttp1({ method, rawHeaders, upgrade, version }: Handshake): string | undefined {
  if (version !== '1.1') return 'HTTP/1.0 knows none';
  if (upgrade.trim() !== 'websocket') return 'it offers another protocol beside WebSocket';
  if (method !== 'GET') return 'its method is not GET';
  const connection = (headerOf(rawHeaders, 'connection') ?? '').toLowerCase().split(/\s*,\s*/);
  if (!connection.includes('upgrade')) return 'its Connection header does not name Upgrade';
  const key = headerOf(rawHeaders, 'sec-websocket-key') ?? '';
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return 'its key is not 16 bytes in base64';
  const hasBody = valuesOf(rawHeaders, 'content-length').some((length) => length !== '0');
  if (hasBody || headerOf(rawHeaders, 'transfer-encoding') !== undefined) return 'it has a body';
  return versionFault(rawHeaders);
}

/** HTTP/2 needs no key: its framing leaves no doubt about which request a response belongs to. */
function faultOverHttp2({ method, rawHeaders, upgrade }: Handshake): string | undefined {
  if (upgrade !== 'websocket') return 'it offers another protocol beside WebSocket';
  return method === 'CONNECT' ? versionFault(rawHeaders) : 'its method is not CONNECT';
}

const versionFault = (rawHeaders: readonly string[]) =>
  headerOf(rawHeaders, 'sec-websocket-version') === VERSION ? undefined : `its version is not ${VERSION}`;
