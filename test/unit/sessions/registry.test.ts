import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { awaitOtherSessions } from '../../../lib/sessions/await-others.ts';
import { describeSession, listSessions, registerSession } from '../../../lib/sessions/registry.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bk-'));
  vi.stubEnv('BOT_BOTTLE_HOME', home);
});
afterEach(() => rm(home, { recursive: true }));

it('sessions are listed while their process lives, and one whose process died is forgotten', async () => {
  const { id, unregister } = await registerSession('dev-abcde', 'agent', true);
  const dead = { id: '00000000', kind: 'shell', holder: { pid: 1, started: 'long ago' }, detached: false };
  const path = join(bottlePaths.sessions('dev-abcde'), '00000000.json');
  await writeFile(path, JSON.stringify({ ...dead, startedAt: '2026-01-01T00:00:00.000Z' }));
  const sessions = await listSessions('dev-abcde');
  expect(sessions.map((session) => [session.id, describeSession(session)])).toEqual([
    [id, 'agent (detached)'],
  ]);
  expect(await readdir(bottlePaths.sessions('dev-abcde'))).toEqual([`${id}.json`]);
  await writeFile(path, '{');
  expect(await listSessions('dev-abcde')).toHaveLength(1);
  await unregister();
  expect(await listSessions('dev-abcde')).toEqual([]);
});

it('a launch waits for other sessions, and says for which', async () => {
  const { unregister } = await registerSession('dev-abcde', 'shell');
  const said: string[] = [];
  let isOver = false;
  const waiting = awaitOtherSessions('dev-abcde', new AbortController().signal, (line) => {
    said.push(line);
    void unregister().then(() => {
      isOver = true;
    });
  });
  await waiting;
  expect([isOver, said]).toEqual([
    true,
    [expect.stringContaining('waiting for other sessions of the bottle: shell')],
  ]);
});
