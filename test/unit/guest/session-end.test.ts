import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { endOfSession } from '../../../lib/guest/session-end.ts';

const directory = mkdtempSync(join(tmpdir(), 'bk-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** This machine, as a guest. */
const guest = {
  slug: 'demo',
  exec: async ([program = '', ...args]: readonly string[]) => {
    const { exitCode = 1, stdout, stderr } = await execa(program, args, { reject: false });
    return { exitCode, stdout, stderr };
  },
};
const unreachable = { slug: 'demo', exec: async () => ({ exitCode: 1, stdout: '', stderr: 'no machine' }) };

let count = 0;
function report(content?: string): string {
  count += 1;
  const path = join(directory, `session-${count}`);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

describe('the exit code of a session that did not end with 0', () => {
  it.each([
    ['3\n', 1, 3],
    ['0\n', 1, 0],
    ['143\n', 255, 143],
  ])('is what the guest wrote down, %j, whatever smolvm says', async (written, carried, expected) => {
    const path = report(written);
    expect(await endOfSession(guest, path, carried)).toBe(expected);
    expect(existsSync(path)).toBe(false);
  });

  it('is awaited while the command, which has lost its host, still ends', async () => {
    const path = report('');
    const ended = endOfSession(guest, path, 1);
    await sleep(300);
    writeFileSync(path, '7\n');
    expect(await ended).toBe(7);
  });

  it('is smolvm’s own when the guest cannot be asked', async () => {
    expect(await endOfSession(unreachable, report('3\n'), 137)).toBe(137);
  });

  it('is an error when the command never ran', async () => {
    await expect(endOfSession(guest, report(), 1)).rejects.toMatchObject({
      code: 'guest-failed',
      message: 'the session in demo failed before the command ran (smolvm exited with 1)',
    });
  });

  it('is an error when the command was hung up on', async () => {
    await expect(endOfSession(guest, report('hung-up 129\n'), 1)).rejects.toMatchObject({
      code: 'guest-failed',
      message: expect.stringContaining('lost its connection, and the command was ended'),
    });
  });
});
