import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PacedScanner } from '../../../../../lib/daemons/detection/body-scanner.ts';
import { knownSecretFinder } from '../../../../../lib/daemons/detection/rules/known-secrets.ts';
import type { ScanOptions } from '../../../../../lib/daemons/detection/scan-text.ts';
import { ScanThread } from '../../../../../lib/daemons/egress/outbound/scan-thread.ts';
import { SCAN_WORKER } from '../../../../../lib/daemons/egress/workers.ts';
import { ThreadOnDemand } from '../../../../../lib/daemons/shared/thread-on-demand.ts';

const SECRET = 'tok-3c1f0a97d24b11e89f5d0242ac120002';
const here: ScanOptions = {
  detectors: new Set(['token_patterns', 'known_secrets']),
  findKnown: knownSecretFinder([SECRET]),
};
const beside: ScanOptions = { ...here, thread: new ScanThread(SCAN_WORKER, () => [SECRET]) };

/** Types of the findings in the text, scanned in chunks of `chunkSize` bytes. */
async function typesIn(options: ScanOptions, text: string, chunkSize: number): Promise<string[]> {
  const scanner = new PacedScanner(options);
  const bytes = Buffer.from(text);
  const findings = [];
  for (let start = 0; start < bytes.length; start += chunkSize) {
    findings.push(...(await scanner.push(bytes.subarray(start, start + chunkSize))));
  }
  findings.push(...(await scanner.end()));
  scanner.close();
  return [...new Set(findings.map(({ type }) => type))];
}

const prose = 'all work and no play makes a dull body. '.repeat(8_000);

describe('the scan thread', () => {
  it('the scan thread finds the same as this thread, wherever chunks end', async () => {
    for (const at of [0, 65_536 - 10, 65_536 * 2 - SECRET.length, 200_000, prose.length]) {
      const text = `${prose.slice(0, at)} ${SECRET} ${prose.slice(at)}`;
      for (const size of [1_000, 16_384, 65_536, 1_000_000]) {
        expect(await typesIn(here, text, size), `${at} ${size}`).toEqual(['known-secret']);
        expect(await typesIn(beside, text, size), `${at} ${size}`).toEqual(['known-secret']);
      }
    }
    expect(await typesIn(beside, prose, 16_384)).toEqual([]);
  });

  it('the scan thread keeps concurrent bodies apart', async () => {
    const clean = Array.from({ length: 6 }, () => typesIn(beside, prose, 16_384));
    const dirty = Array.from({ length: 6 }, () => typesIn(beside, `${prose}${SECRET}`, 16_384));
    expect(await Promise.all(clean)).toEqual(Array.from({ length: 6 }, () => []));
    expect(await Promise.all(dirty)).toEqual(Array.from({ length: 6 }, () => ['known-secret']));
  });

  it('the scan thread finishes a short body before long ones', async () => {
    const done: string[] = [];
    const scan = async (name: string, text: string) => {
      const scanner = new PacedScanner(beside, text.length);
      for (let start = 0; start < text.length; start += 65_536)
        await scanner.push(Buffer.from(text.slice(start, start + 65_536)));
      await scanner.end();
      scanner.close();
      done.push(name);
    };
    const long = Array.from({ length: 5 }, (_, index) => scan(`long ${index}`, prose.repeat(4)));
    await Promise.all([...long, scan('short', prose.slice(0, 150_000))]);
    expect(done[0]).toBe('short');
  });

  it('the scan thread finishes one long body before it reads on in another', async () => {
    const portions = 30;
    const pushed = [0, 0, 0, 0, 0, 0];
    const whenFirst = Promise.withResolvers<number[]>();
    const scan = async (place: number) => {
      const scanner = new PacedScanner(beside, portions * 65_536);
      for (let count = 0; count < portions; count += 1) {
        await scanner.push(Buffer.alloc(65_536, 'all work and no play. '));
        pushed[place] = (pushed[place] ?? 0) + 1;
      }
      await scanner.end();
      scanner.close();
      whenFirst.resolve([...pushed]);
    };
    const all = pushed.map((_, place) => scan(place));
    const [...then] = (await whenFirst.promise).toSorted((one, other) => other - one);
    await Promise.all(all);
    // Two are ahead, since the thread gets the next question before its last result is read; the others have
    // barely started.
    expect(then[0]).toBe(portions);
    expect(then.slice(3).every((count) => count < portions / 3)).toBe(true);
  });

  it('a body that is given up makes way for those that wait', async () => {
    const given = new PacedScanner(beside, 10);
    const asked = given.push(Buffer.alloc(65_536, 'a')).catch(() => []);
    const others = Array.from({ length: 4 }, () => typesIn(beside, `${prose}${SECRET}`, 65_536));
    given.close();
    await asked;
    expect(await Promise.all(others)).toEqual(Array.from({ length: 4 }, () => ['known-secret']));
  });

  it('scanning works again after the thread was ended for abandoned bodies', async () => {
    const hasty: ScanOptions = { ...here, thread: new ScanThread(SCAN_WORKER, () => [SECRET], 1) };
    const given = Array.from({ length: 4 }, () => new PacedScanner(hasty, 10));
    for (const scanner of given) scanner.push(Buffer.from('&#1'.repeat(700_000))).catch(() => []);
    for (const scanner of given) scanner.close();
    await sleep(50);
    expect(await typesIn(hasty, `${prose}${SECRET}`, 65_536)).toEqual(['known-secret']);
  });

  it('the scan thread leaves the event loop free', async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await typesIn(beside, prose, 65_536);
    clearImmediate(next);
    expect(turns).toBeGreaterThan(10);
  });
});

describe('ThreadOnDemand', () => {
  const options = { data: [], heap: {}, replied: () => {}, died: () => {}, idleMs: 20 };
  const demand = () => new ThreadOnDemand<unknown>({ ...options, program: SCAN_WORKER });

  it('ThreadOnDemand shares one thread, ends it when unused, and starts it again', async () => {
    const thread = demand();
    const [one, other] = [thread.hold(), thread.hold()];
    expect(one.worker).toBe(other.worker);
    const ended = once(one.worker, 'exit');
    one.release();
    one.release();
    await sleep(60);
    expect(other.isAlive()).toBe(true);
    other.release();
    await ended;
    expect(other.isAlive()).toBe(false);
    const next = thread.hold();
    expect(next.worker).not.toBe(one.worker);
    expect(next.isAlive()).toBe(true);
    next.release();
  });

  it('ThreadOnDemand keeps a thread that is needed again in time', async () => {
    const thread = demand();
    const first = thread.hold();
    first.release();
    const second = thread.hold();
    await sleep(60);
    expect(second.worker).toBe(first.worker);
    expect(second.isAlive()).toBe(true);
    second.release();
  });
});
