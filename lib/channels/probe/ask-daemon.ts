import { request } from 'node:http';
import { messageOf } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { GUEST_TOOL } from '../../guest/tool.ts';
import { GIT_GATE_VARIABLE } from '../../manifest/owned-variables.ts';
import type { GuestResult } from './findings.ts';
import type { GateTarget } from './targets.ts';

/** For what must work; a host that starts eight bottles at once is slow. */
const PATIENCE_MS = 20_000;

/** The guest's tool dials what it takes for the proxy; here that is the gate. */
const DIAL = `HTTPS_PROXY="$${GIT_GATE_VARIABLE}" exec "$0" dial-proxy`;

/** Asks the git gate from inside, for nothing: whatever it answers, the guest reaches it, and no upstream is asked. */
export async function askGate(bottle: Bottle, { name }: GateTarget): Promise<GuestResult> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const stream = bottle.streamAsAgent(['/bin/sh', '-c', DIAL, GUEST_TOOL], signal);
    // Whoever waits for the answer learns of an error; when `signal` ends the command, nobody does.
    stream.on('error', () => {});
    const status = await new Promise<number>((resolve, reject) => {
      request({ path: '/', headers: { host: 'git-gate' }, createConnection: () => stream, signal })
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
