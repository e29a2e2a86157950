import { createHash, randomBytes } from 'node:crypto';
import { headerOf } from '../../shared/raw-headers.ts';
import type { HeaderLines } from '../http/headers.ts';

/** The only WebSocket version (RFC 6455). */
const VERSION = '13';

/** Hashed with the key to prove that a server speaks WebSocket (RFC 6455, 1.3). */
const PROOF = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Hop-by-hop headers of a handshake. Egress is a party to both handshakes, and sets its own in each. */
const HOP_BY_HOP = [
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
] as const;

/** A server's response to a client's key. */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}${PROOF}`).digest('base64');
}

/** Returns the headers without those that each handshake sets for itself. */
export function endToEnd(headers: HeaderLines): HeaderLines {
  const ends = { ...headers };
  for (const name of HOP_BY_HOP) delete ends[name];
  return ends;
}

/** Egress's own handshake with an upstream. Offers no extension: compressed frames could not be judged. */
export class UpstreamHandshake {
  readonly #key = randomBytes(16).toString('base64');
  readonly #offered: readonly string[];

  /** `rawHeaders`: of the request as it will be sent. */
  constructor(rawHeaders: readonly string[]) {
    this.#offered = listOf(rawHeaders, 'sec-websocket-protocol');
  }

  get headers(): HeaderLines {
    return {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': this.#key,
      'sec-websocket-version': VERSION,
    };
  }

  /** @throws Error when a 101 with these headers does not open what was requested. */
  verify(rawHeaders: readonly string[]): void {
    if (headerOf(rawHeaders, 'upgrade')?.toLowerCase() !== 'websocket') throw new Error('another protocol');
    if (headerOf(rawHeaders, 'sec-websocket-accept') !== acceptFor(this.#key)) throw new Error('no proof');
    if (listOf(rawHeaders, 'sec-websocket-extensions').length > 0) throw new Error('an unasked extension');
    const chosen = listOf(rawHeaders, 'sec-websocket-protocol');
    if (chosen.length > 1 || !chosen.every((name) => this.#offered.includes(name))) {
      throw new Error('an unasked subprotocol');
    }
  }
}

function listOf(rawHeaders: readonly string[], name: string): string[] {
  return (headerOf(rawHeaders, name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
