import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { GUEST_TOOL } from '../../guest/tool.ts';
import type { GuestResult } from './findings.ts';
import type { ProxyTarget } from './targets.ts';

/** For what must work; a host that starts eight bottles at once is slow. */
const PATIENCE_MS = 20_000;
const LONGEST_ANSWER = 1_000;

/**
 * Asks the guest's proxy from inside: the guest only forwards bytes to where its environment says, and the host
 * speaks through it. So the image needs no HTTP client, and the host sees for itself what the proxy answers.
 */
export async function askProxy(bottle: Bottle, target: ProxyTarget): Promise<GuestResult> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const tunnel = await openTunnel(bottle, target.host, signal);
    if (target.try === 'refusal') return { name: target.name, outcome: `http ${tunnel.status}` };
    if (tunnel.status !== 200) throw new Error(`CONNECT: HTTP ${tunnel.status}`);
    // Trusts only the guest's own store, which proves that the CA was provisioned.
    const trusted = await bottle.execAsAgent(['/bin/sh', '-c', 'exec cat "$SSL_CERT_FILE"'], { signal });
    const { status, body } = await fetchInside(tunnel.stream, target, trusted.stdout, signal);
    return { name: target.name, outcome: `http ${status}`, detail: body };
  } catch (error) {
    return { name: target.name, outcome: 'failed', detail: messageOf(error).trim().split('\n').at(-1) ?? '' };
  } finally {
    ended.abort();
  }
}

async function openTunnel(bottle: Bottle, host: string, signal: AbortSignal) {
  const stream = bottle.streamAsAgent([GUEST_TOOL, 'dial-proxy'], signal);
  // Whoever waits for the answer learns of an error; when `signal` ends the command, nobody does.
  stream.on('error', () => {});
  const authority = `${host}:443`;
  return new Promise<{ status: number; stream: Duplex }>((resolve, reject) => {
    const options = { method: 'CONNECT', path: authority, headers: { host: authority } };
    request({ ...options, createConnection: () => stream })
      .on('error', reject)
      .on('connect', ({ statusCode = 0 }) => resolve({ status: statusCode, stream }))
      .end();
  });
}

function fetchInside(
  socket: Duplex,
  { host, path }: { host: string; path: string },
  ca: string,
  signal: AbortSignal,
) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const secure = connectTls({ socket, servername: host, ca }).on('error', reject);
    // Without an explicit Host header, Node would add the port to it.
    const options = { host, path, headers: { host }, createConnection: () => secure, signal };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('error', reject);
      response.on('data', (text: string) => {
        body = (body + text).slice(0, LONGEST_ANSWER);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}
