import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { restoreTranscript } from '../../../../lib/commands/transcript/restore-transcript.ts';
import { saveTranscript } from '../../../../lib/commands/transcript/save-transcript.ts';
import { tarOf } from '../../../support/hostile-tar.ts';
import { inState, LocalGuest, SLUG } from '../../../support/local-guest.ts';
import { refusal } from '../../../support/refusal.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const home = useTemporaryHome();
const FOLDER = '.claude/projects/-work';
let guest: LocalGuest;
let said: string[];

beforeEach(async () => {
  guest = new LocalGuest(home.path);
  await guest.start();
  said = [];
});

const say = (line: string) => void said.push(line);
const save = () => saveTranscript(SLUG, say);
const restore = () => restoreTranscript(SLUG, { signal: new AbortController().signal, say });
const kept = (...path: string[]) => inState('transcript', FOLDER, ...path);
const inGuest = (...path: string[]) => join(guest.home, FOLDER, ...path);

describe('the copy at an end', () => {
  it('has the session files with their times, and nothing else of the home', async () => {
    await guest.write(`${FOLDER}/a b.jsonl`, 'one\n', 100);
    await guest.write(`${FOLDER}/a b/subagents/agent-1.jsonl`, 'two\n');
    await guest.write('.claude/.credentials.json', 'three');
    await symlink('/etc/passwd', inGuest('link.jsonl'));
    await save();
    expect(said).toEqual([]);
    expect(readFileSync(kept('a b.jsonl'), 'utf8')).toBe('one\n');
    expect(Date.now() - statSync(kept('a b.jsonl')).mtimeMs).toBeGreaterThan(90_000);
    expect(readdirSync(kept()).toSorted()).toEqual(['a b', 'a b.jsonl']);
    expect(readdirSync(inState('transcript', '.claude'))).toEqual(['projects']);
    expect(readdirSync(inState()).filter((name) => name.startsWith('transcript'))).toEqual(['transcript']);
  });

  it('keeps what a guest no longer has, or was given in part before its end', async () => {
    await guest.write(`${FOLDER}/lost.jsonl`, 'lost', 300);
    await guest.write(`${FOLDER}/longer.jsonl`, 'host', 100);
    await guest.write(`${FOLDER}/grown.jsonl`, 'host', 100);
    await save();
    await rm(inGuest('lost.jsonl'));
    await guest.write(`${FOLDER}/longer.jsonl`, 'guest', 200);
    await guest.write(`${FOLDER}/grown.jsonl`, 'guest', 50);
    await guest.write(`${FOLDER}/new.jsonl`, 'new');
    await save();
    const contents = readdirSync(kept()).map((name) => [name, readFileSync(kept(name), 'utf8')]);
    expect(Object.fromEntries(contents)).toEqual({
      ...{ 'lost.jsonl': 'lost', 'longer.jsonl': 'host', 'grown.jsonl': 'guest', 'new.jsonl': 'new' },
    });
  });

  it.each<[string, string]>([
    ['a path that leads out', '../../../../evil.jsonl'],
    ['an absolute path', '/tmp/evil.jsonl'],
  ])('refuses an archive with %s, and leaves the last one as it is', async (_name, path) => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await save();
    await writeFile(join(home.path, 'hostile.tar'), tarOf([{ path, content: 'x' }]));
    await guest.plant('tar', `exec cat '${join(home.path, 'hostile.tar')}'`);
    await save();
    expect(said).toEqual([
      expect.stringContaining('the transcript was not copied: what the guest sent is refused'),
    ]);
    expect(readFileSync(kept('a.jsonl'), 'utf8')).toBe('one');
    expect(existsSync(inState('evil.jsonl'))).toBe(false);
    expect(readdirSync(inState()).filter((name) => name.startsWith('transcript'))).toEqual(['transcript']);
  });

  it.each<[string, string]>([
    ['cannot be packed', 'exit 2'],
    ['is cut off', 'head -c 100 /dev/zero'],
    ['is empty', 'exit 0'],
    ['is without end', 'exec yes'],
  ])('one that %s leaves the last one as it is', async (_name, tar) => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await save();
    await guest.plant('tar', tar);
    await save();
    expect(said).toHaveLength(1);
    expect(readFileSync(kept('a.jsonl'), 'utf8')).toBe('one');
  });

  it.each(['find', 'tar'])('a guest whose %s never ends does not hold up the end', async (program) => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await guest.plant(program, 'exec sleep 60');
    const started = performance.now();
    await saveTranscript(SLUG, say, 500);
    expect(performance.now() - started).toBeLessThan(8000);
    expect(said).toEqual(['the transcript was not copied: it took longer than 0.5 s']);
    expect(existsSync(inState('transcript'))).toBe(false);
  });

  it('a guest without sessions, one that is down, and a provider that keeps none change nothing', async () => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await save();
    await rm(inGuest(), { recursive: true });
    await save();
    await guest.write(`${FOLDER}/b.jsonl`, 'two');
    await guest.is('stopped');
    await save();
    await guest.start('command');
    await save();
    expect([said, readdirSync(kept())]).toEqual([[], ['a.jsonl']]);
  });

  it('takes the newest files when all are too many bytes', async () => {
    await guest.write(`${FOLDER}/new.jsonl`, 'new');
    await guest.write(`${FOLDER}/big.jsonl`, 'big', 50);
    await guest.write(`${FOLDER}/old.jsonl`, 'old', 100);
    // As the guest tells it.
    await guest.plant(
      'find',
      `for one in new:3:3 big:300000000:2 old:3:1; do IFS=:; set -- $one; echo "$3 $2 ./-work/$1.jsonl"; done`,
    );
    await save();
    expect(readdirSync(kept()).toSorted()).toEqual(['new.jsonl', 'old.jsonl']);
    expect(said).toEqual([expect.stringContaining('1 older files of the transcript were not copied')]);
  });

  it('what a crash left between two transcripts is put back', async () => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await save();
    await rename(inState('transcript'), inState('transcript.old'));
    await mkdir(inState('transcript.partial'));
    await restore();
    expect(readFileSync(kept('a.jsonl'), 'utf8')).toBe('one');
  });
});

describe('restoring', () => {
  it('brings what a new guest does not have, and what it has older, with the times', async () => {
    await guest.write(`${FOLDER}/missing.jsonl`, 'host', 100);
    await guest.write(`${FOLDER}/older.jsonl`, 'host', 100);
    await guest.write(`${FOLDER}/newer.jsonl`, 'host', 100);
    await save();
    await rm(inGuest('missing.jsonl'));
    await guest.write(`${FOLDER}/older.jsonl`, 'guest', 200);
    await guest.write(`${FOLDER}/newer.jsonl`, 'guest', 50);
    await restore();
    const contents = ['missing', 'older', 'newer'].map((name) =>
      readFileSync(inGuest(`${name}.jsonl`), 'utf8'),
    );
    expect(contents).toEqual(['host', 'host', 'guest']);
    expect(Date.now() - statSync(inGuest('missing.jsonl')).mtimeMs).toBeGreaterThan(90_000);
    expect(readdirSync(guest.home)).toEqual(['.claude']);
  });

  it('does nothing for a bottle without a transcript', async () => {
    await restore();
    expect([readdirSync(guest.home), existsSync(inState('locks'))]).toEqual([[], false]);
  });

  it('fails rather than begin a new conversation in silence', async () => {
    await guest.write(`${FOLDER}/a.jsonl`, 'one');
    await save();
    await guest.plant('tar', 'echo no space >&2; exit 1');
    const said = await refusal(restore());
    expect(said).toContain(
      'guest-failed: the transcript was not restored: the copy failed in the guest (exit 1): no space',
    );
    expect(said).toContain(`remove ${inState('transcript')}`);
  });
});
