import { request } from 'node:http';
import { messageOf } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { GUEST_TOOL } from '../../guest/tool.ts';
import type { GuestResult } from './findings.ts';
import type { DaemonTarget } from './targets.ts';

/** For what must work; a host that starts eight bottles at once is slow. */
const PATIENCE_MS = 20_000;

/** Asks a daemon from inside, for nothing: whatever it answers, the guest reaches it, and no upstream is asked. */
export async function askDaemon(bottle: Bottle, { name, variable }: DaemonTarget): Promise<GuestResult> {
  // The guest's tool dials what it takes for the proxy; here that is the daemon.
  const dial = `HTTPS_PROXY="$${variable}" exec "$0" dial-proxy`;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const stream = bottle.streamAsAgent(['/bin/sh', '-c', dial, GUEST_TOOL], signal);
    // Whoever waits for the answer learns of an error; when `signal` ends the command, nobody does.
    stream.on('error', () => {});
    const status = await new Promise<number>((resolve, reject) => {
      request({ path: '/', headers: { host: 'localhost' }, createConnection: () => stream, signal })
        .on('error', reject)
        .on('response', (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
        .end();
    });
    return { name, outcome: `http ${status}` };
  } catch (error) {
    return { name, outcome: 'failed', detail: messageOf(error).trim().split('\n').at(-1) ?? '' };
  } finally {
    ended.abort();
  }
}
