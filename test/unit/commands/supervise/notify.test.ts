import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseNotifier, type News } from '../../../../lib/commands/supervise/notifier.ts';
import { NewsTeller } from '../../../../lib/commands/supervise/tell-news.ts';
import type { Proposal } from '../../../../lib/daemons/contract/supervise/proposal.ts';
import { proposalOf } from '../../../support/supervise/proposals.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const HOSTILE = proposalOf({
  request: {
    kind: 'notify',
    message: '--icon=/etc/passwd\n" & (do shell script "id") <b>https://evil.test\u001b',
  },
});

describe('telling the person', () => {
  const home = useTemporaryHome();
  const platform = process.platform;
  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
  });

  /** A program that writes down its arguments and its input. */
  async function shim(name: string, exitCode = 0): Promise<string> {
    const directory = join(home.path, 'bin');
    await mkdir(directory, { recursive: true });
    const path = join(directory, name);
    const script = `#!/bin/sh\nfor a; do printf '<%s>\\n' "$a"; done > "$0.args"\ncat > "$0.input"\nexit ${exitCode}\n`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    return path;
  }

  const pathOfShims = () => `${join(home.path, 'bin')}:/usr/bin:/bin`;

  async function tell(environment: NodeJS.ProcessEnv, news: Partial<News> = {}) {
    const ring = vi.fn();
    const notifier = await chooseNotifier(ring, { PATH: pathOfShims(), ...environment });
    await notifier({ proposal: HOSTILE, others: 0, ...news });
    return ring.mock.calls.length;
  }

  it('on Linux by notify-send, to which nothing of the agent is an option or markup', async () => {
    Object.defineProperty(process, 'platform', { value: 'linux' });
    const program = await shim('notify-send');
    expect(await tell({ DISPLAY: ':0' }, { others: 3 })).toBe(0);
    await expect(await readFile(`${program}.args`, 'utf8')).toMatchFileSnapshot('golden/notify-send.txt');
  });

  it('on macOS by osascript, whose script holds no text of the agent', async () => {
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const program = await shim('osascript');
    expect(await tell({})).toBe(0);
    await expect(await readFile(`${program}.args`, 'utf8')).toMatchFileSnapshot('golden/osascript.txt');
  });

  it('by the bell where there is no display, no notifier, or one that fails', async () => {
    Object.defineProperty(process, 'platform', { value: 'linux' });
    expect(await tell({ DISPLAY: ':0', PATH: home.path })).toBe(1);
    await shim('notify-send', 1);
    expect(await tell({})).toBe(1);
    expect(await tell({ DISPLAY: ':0', SSH_CONNECTION: '1 2 3 4' })).toBe(1);
    expect(await tell({ DISPLAY: ':0' })).toBe(1);
  });

  it('by a program of the person’s own, which gets the proposal as JSON', async () => {
    const program = await shim('tell me; exit 1');
    expect(await tell({ BOT_BOTTLE_NOTIFY: program, DISPLAY: ':0' })).toBe(0);
    expect(JSON.parse(await readFile(`${program}.input`, 'utf8'))).toEqual(HOSTILE);
    expect(await readFile(`${program}.args`, 'utf8')).toBe('');
  });
});

describe('how often', () => {
  const PAUSE = 200;

  function teller() {
    const told: News[] = [];
    const made = new NewsTeller(async (news) => void told.push(news), PAUSE);
    const look = (ids: readonly string[]) => {
      const pending: Proposal[] = ids.map((id) => proposalOf({ id }));
      made.look([{ bottle: 'demo-a1b2c', pending, problems: [] }]);
    };
    return { told, look, close: () => made.close() };
  }

  it('what was there before is no news; what comes in a flood is told together', async () => {
    const { told, look, close } = teller();
    look(['p-000001']);
    expect(told).toEqual([]);
    look(['p-000001', 'p-000002']);
    for (let last = 3; last < 9; last += 1)
      look(Array.from({ length: last }, (_, index) => `p-00000${index + 1}`));
    expect(told.map(({ proposal, others }) => [proposal.id, others])).toEqual([['p-000002', 0]]);
    await sleep(PAUSE * 1.5);
    expect(told.map(({ proposal, others }) => [proposal.id, others]).slice(1)).toEqual([['p-000008', 5]]);
    close();
  });

  it('what was decided before it was told is not told', async () => {
    const { told, look, close } = teller();
    look([]);
    look(['p-000001']);
    look(['p-000001', 'p-000002']);
    look(['p-000001']);
    await sleep(PAUSE * 1.5);
    expect(told).toHaveLength(1);
    close();
  });
});
