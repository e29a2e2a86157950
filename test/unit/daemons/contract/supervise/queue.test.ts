import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Proposal } from '../../../../../lib/daemons/contract/supervise/proposal.ts';
import {
  decisionFile,
  proposalFile,
  writeQueueFile,
} from '../../../../../lib/daemons/contract/supervise/queue-files.ts';
import { readQueue } from '../../../../../lib/daemons/contract/supervise/read-queue.ts';

const WRITER = join(import.meta.dirname, '../../../../support/supervise/busy-writer.ts');
const ID = 'p-0r3k7m';
const PROPOSAL: Proposal = {
  version: 1,
  id: ID,
  bottle: 'demo-a1b2c',
  created: '2026-11-01T00:00:00.000Z',
  expires: '2026-11-02T00:00:00.000Z',
  count: 1,
  told: false,
  request: { kind: 'ask', question: 'Which?' },
};
const APPROVED = {
  version: 1,
  id: ID,
  decided: '2026-11-01T00:00:01.000Z',
  by: 'ann',
  verdict: { state: 'approved' },
};
const ANSWERED = { ...APPROVED, verdict: { state: 'answered', text: 'this' } };

describe('a queue with files that should not be there', () => {
  let queue: string;
  beforeEach(async () => {
    queue = await mkdtemp(join(tmpdir(), 'queue-'));
  });
  afterEach(() => rm(queue, { recursive: true, force: true }));

  const put = (name: string, content: unknown) =>
    writeFile(join(queue, name), typeof content === 'string' ? content : JSON.stringify(content));

  it('yields what is right in it', async () => {
    await put(proposalFile(ID), PROPOSAL);
    await put(decisionFile(ID), ANSWERED);
    expect(await readQueue(queue, PROPOSAL.bottle)).toEqual({
      entries: [{ proposal: PROPOSAL, decision: ANSWERED }],
      unusable: [],
    });
  });

  it.each([
    ['half of a file', JSON.stringify(PROPOSAL).slice(0, 40), 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['more than 64 KiB', ' '.repeat(65 * 1024), 'not a regular file of plausible size'],
    ['a key that is not known', { ...PROPOSAL, admin: true }, 'content: unrecognized_keys'],
    ['a kind that is not known', { ...PROPOSAL, request: { kind: 'root' } }, 'request.kind: invalid_union'],
    ['another id than its name', { ...PROPOSAL, id: 'p-000000' }, 'it names another id'],
    ['another bottle', { ...PROPOSAL, bottle: 'other-a1b2c' }, 'it names another bottle'],
    ['another version', { ...PROPOSAL, version: 2 }, 'version: invalid_value'],
  ])('reports a proposal with %s, and shows none', async (_what, content, fault) => {
    await put(proposalFile(ID), content);
    expect(await readQueue(queue, PROPOSAL.bottle)).toEqual({
      entries: [],
      unusable: [{ name: proposalFile(ID), fault }],
    });
  });

  it('follows no symbolic link, and repeats nothing of what it points to', async () => {
    const secret = join(queue, '..', 'secret.json');
    await writeFile(secret, JSON.stringify(PROPOSAL));
    await symlink(secret, join(queue, proposalFile(ID)));
    expect(await readQueue(queue, PROPOSAL.bottle)).toEqual({
      entries: [],
      unusable: [{ name: proposalFile(ID), fault: 'a symbolic link' }],
    });
    await rm(secret);
  });

  it('never waits for a pipe', async () => {
    execFileSync('mkfifo', [join(queue, proposalFile(ID))]);
    const { unusable } = await readQueue(queue, PROPOSAL.bottle);
    expect(unusable).toEqual([{ name: proposalFile(ID), fault: 'not a regular file of plausible size' }]);
  });

  it('reports directories, foreign names, and more files than a queue has', async () => {
    await put('p-0R3K7M.json', PROPOSAL);
    await put('run-me.sh', 'rm -rf /');
    const { unusable } = await readQueue(queue, PROPOSAL.bottle);
    expect(unusable.map(({ fault }) => fault)).toEqual([
      'not a file of the queue',
      'not a file of the queue',
    ]);
    await Promise.all(Array.from({ length: 650 }, (_, index) => put(`x${index}`, '')));
    const flooded = await readQueue(queue, PROPOSAL.bottle);
    expect(flooded.unusable[0]).toEqual({ name: '', fault: 'more than 600 files' });
  });

  it.each([
    ['approves a question', APPROVED],
    ['names another id', { ...ANSWERED, id: 'p-000000' }],
    ['is half written', '{"version":1'],
    ['answers without a text', { ...ANSWERED, verdict: { state: 'answered' } }],
  ])('takes no decision that %s', async (_what, decision) => {
    await put(proposalFile(ID), PROPOSAL);
    await put(decisionFile(ID), decision);
    const { entries, unusable } = await readQueue(queue, PROPOSAL.bottle);
    expect(entries).toEqual([{ proposal: PROPOSAL, decision: undefined }]);
    expect(unusable).toHaveLength(1);
  });

  it('does not exist: it is empty', async () => {
    expect(await readQueue(join(queue, 'none'), PROPOSAL.bottle)).toEqual({ entries: [], unusable: [] });
  });

  it('lets one of many writers of a file through, and leaves no temporary files', async () => {
    const writers = Array.from({ length: 20 }, (_, index) =>
      writeQueueFile(queue, decisionFile(ID), { ...ANSWERED, by: `user ${index}` }),
    );
    expect((await Promise.all(writers)).filter(Boolean)).toHaveLength(1);
    expect(await readdir(queue)).toEqual([decisionFile(ID)]);
    expect(JSON.parse(await readFile(join(queue, decisionFile(ID)), 'utf8')).by).toMatch(/^user /);
  });

  it('is whole after a writer was killed, whenever that was', async () => {
    for (const milliseconds of [0, 3, 7, 12, 18, 25]) {
      const writer = spawn(process.execPath, [WRITER, queue], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(writer.stdout, 'data');
      await sleep(milliseconds);
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const { entries, unusable } = await readQueue(queue, PROPOSAL.bottle);
      expect(unusable).toEqual([]);
      expect(entries.length).toBeGreaterThan(0);
      // Of each all is there; the last one may not have been decided.
      expect(entries.slice(0, -1).every(({ decision }) => decision !== undefined)).toBe(true);
      await Promise.all((await readdir(queue)).map((name) => rm(join(queue, name))));
    }
  });
});
