import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../../lib/bottle/paths.ts';
import type { Proposal } from '../../../../lib/daemons/contract/supervise/proposal.ts';
import { readDecision } from '../../../../lib/daemons/contract/supervise/read-queue.ts';
import { decide } from '../../../../lib/supervise/decide.ts';
import { KIT } from '../../../support/kit.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { propose } from '../../../support/supervise/proposals.ts';
import { BOTTLE } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { HAS_TMUX, Tmux } from '../../../support/tmux.ts';

const QUESTION = 'p-0r3k7n';
const AGED = new Date(Date.now() - 3 * 3_600_000).toISOString();

describe.skipIf(!HAS_TMUX)('make supervise on a terminal', () => {
  const home = useTemporaryHome();
  usePreparedBottles();
  let terminal: Tmux | undefined;
  afterEach(async () => {
    await terminal?.end();
    terminal = undefined;
  });

  /** Starts the screen in a shell, which tells how the terminal is before and afterwards. */
  async function start(columns = 60, env: Readonly<Record<string, string>> = {}, rows = 20): Promise<Tmux> {
    terminal = new Tmux({
      ...{ PATH: process.env.PATH ?? '', HOME: home.path },
      ...{ BOT_BOTTLE_HOME: join(home.path, 'home'), NO_COLOR: '1', BOT_BOTTLE_NOTIFY: 'true', ...env },
    });
    const script = join(KIT, 'scripts/supervise.ts');
    const shell =
      'stty -g > "$HOME/before"; "$0" "$1"; echo "ended with $?"; stty -g > "$HOME/after"; read x';
    await terminal.start(['sh', '-c', shell, process.execPath, script], columns, rows);
    await terminal.shows(/supervise: /);
    return terminal;
  }

  const decisionOf = async (proposal: Proposal) => {
    const found = await readDecision(bottlePaths.superviseQueue(proposal.bottle), proposal);
    return found !== undefined && 'value' in found ? found.value.verdict : undefined;
  };

  /** Two bottles, each kind of text that a person decides about. */
  async function fill() {
    const route = await propose({
      ...{ created: AGED, count: 3 },
      request: {
        ...{ kind: 'allow', host: 'pypi.org', methods: ['GET'], pathPrefix: '/simple/', limit: { uses: 2 } },
        reason: 'To install requests,\nwhich the tests import.',
      },
    });
    const question = await propose({
      ...{ id: QUESTION, created: AGED },
      request: { kind: 'ask', question: 'Which database?', choices: ['SQLite', 'PostgreSQL'] },
    });
    const message = await propose({
      ...{ id: 'p-0r3k7p', bottle: 'docs-x9y8z', created: AGED },
      request: { kind: 'notify', message: 'The tests are green.' },
    });
    await prepareBottle([{ host: 'pypi.org', matches: [{ methods: ['HEAD'] }] }]);
    return { route, question, message };
  }

  it.each([60, 120])('lists and shows what is asked, at %i columns', async (columns) => {
    await fill();
    const screen = await start(columns);
    await expect(`${await screen.shows(/3 h.*\n.*3 h.*\n.*3 h/)}\n`).toMatchFileSnapshot(
      `golden/list-${columns}.txt`,
    );
    await screen.keys('Enter');
    await expect(`${await screen.shows(/would change/)}\n`).toMatchFileSnapshot(
      `golden/detail-${columns}.txt`,
    );
  });

  it('leaves the terminal as it was, and the agent is told while it runs', async () => {
    const { route } = await fill();
    const screen = await start();
    expect(await screen.modes()).toEqual({ otherScreen: true, cursor: false, mouse: false });
    const watching = join(bottlePaths.superviseQueue(route.bottle), 'watching.json');
    await expect.poll(() => access(watching).then(() => true)).toBe(true);
    await screen.keys('q');
    await screen.shows(/ended with 0/);
    expect(await screen.modes()).toEqual({ otherScreen: false, cursor: true, mouse: false });
    await expect(access(watching)).rejects.toThrow();
    const modes = (name: string) => readFile(join(home.path, name), 'utf8');
    expect(await modes('after')).toBe(await modes('before'));
  });

  it.each(['C-c', 'q'])('ends by %s while a proposal is shown', async (key) => {
    await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await screen.keys(key);
    if (key === 'q') await screen.keys(key);
    await screen.shows(/ended with 0/);
  });

  it('approves for ten minutes what was read, and rejects with a reason', async () => {
    const { route, question } = await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await screen.keys('1');
    await screen.shows(/p-0r3k7m: approved, for 10 min/);
    expect(await decisionOf(route)).toMatchObject({ state: 'approved', limit: { seconds: 600 } });
    await screen.keys('Enter');
    await screen.shows(/Which database/);
    await screen.keys('r');
    await screen.keys('-l', 'Ask the team, [é].');
    await screen.keys('Enter');
    await screen.shows(/p-0r3k7n: rejected/);
    expect(await decisionOf(question)).toEqual({ state: 'rejected', reason: 'Ask the team, [é].' });
  });

  it('answers a question by its number, and approves for a number of uses', async () => {
    const { route, question } = await fill();
    const screen = await start();
    await screen.keys('j', 'Enter');
    await screen.shows(/1-2 choose/);
    await screen.keys('2');
    await screen.shows(/p-0r3k7n: answered/);
    expect(await decisionOf(question)).toEqual({ state: 'answered', text: 'PostgreSQL' });
    await screen.keys('g', 'Enter');
    await screen.shows(/would change/);
    await screen.keys('u', 'x', 'Enter');
    await screen.shows(/'x' is no limit of a grant/);
    await screen.keys('C-u', '7', 'Enter');
    await screen.shows(/p-0r3k7m: approved, 7 times/);
    expect(await decisionOf(route)).toMatchObject({ limit: { uses: 7 } });
  });

  it('takes up keys that come in one burst, but decides nothing that was not shown before', async () => {
    const { route, message } = await fill();
    const screen = await start();
    await screen.keys('-l', 'jj\ra');
    await screen.shows(/> The tests are green/);
    await sleep(500);
    expect(await decisionOf(message)).toBeUndefined();
    expect(await decisionOf(route)).toBeUndefined();
    await screen.keys('a');
    await screen.shows(/2 pending/);
    expect(await decisionOf(message)).toEqual({ state: 'seen' });
  });

  it('what is pasted approves nothing', async () => {
    const { route } = await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await screen.paste('a\n1\n2');
    await sleep(500);
    expect(await decisionOf(route)).toBeUndefined();
    await screen.keys('r');
    await screen.paste('Use\nthe mirror.');
    await screen.shows(/reason: Use the mirror\._/);
  });

  it('follows a change of the size', async () => {
    await fill();
    const screen = await start(120);
    await screen.resize(60, 12);
    await screen.shows(/GET pypi.org\/si…/);
    await screen.keys('Enter');
    const small = await screen.shows(/more lines: scroll down/);
    expect(small.trimEnd().split('\n')).toHaveLength(12);
    await screen.resize(120, 30);
    await screen.shows(/paths: \[\{type: prefix, value: \/simple\/\}\], methods: \[GET\]\}\]/);
  });

  it('edits a route in the editor, and shows what became of it before it is approved', async () => {
    const { route } = await fill();
    const editor = join(home.path, 'editor');
    // The first time it makes a mistake.
    await writeFile(
      editor,
      '#!/bin/sh\nif [ -e "$0.ran" ]; then sed -i "s,simple/x y,simple/requests/," "$1"\nelse sed -i "s,simple/,simple/x y," "$1"; fi\ntouch "$0.ran"\n',
      { mode: 0o755 },
    );
    const screen = await start(120, { EDITOR: editor, VISUAL: '' });
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await screen.keys('e');
    await screen.shows(/cannot be used: pathPrefix/);
    await screen.keys('x');
    await screen.keys('e');
    await screen.shows(/As you edited it[\s\S]*simple\/requests\//);
    expect(await decisionOf(route)).toBeUndefined();
    await screen.keys('a');
    await screen.shows(/2 pending/);
    expect(await decisionOf(route)).toMatchObject({
      state: 'modified',
      request: { pathPrefix: '/simple/requests/', limit: { uses: 2 } },
      limit: { uses: 2 },
    });
  });

  it('hostile text stays inside its quotes', async () => {
    const lines = `${'\n'.repeat(30)}a approve\u001b[2J\u001b]0;owned\u0007\u202e https://evil.test ${'x'.repeat(80)}`;
    await propose({ request: { kind: 'ask', question: `Well?${lines}` } });
    const screen = await start(60);
    await screen.keys('Enter');
    await screen.shows(/30 more lines|2\d more lines/);
    await screen.keys('G');
    const end = await screen.shows(/\(end\)/);
    expect(end).toContain('> a approve^[[2J^[]0;owned^G<U+202E> https[://]evil.test');
    expect(end).toMatch(/\n> x{50,58}\n> x+\n/);
    expect(await screen.title()).not.toBe('owned');
  });

  it('an empty queue says so, and what comes is shown within half a second', async () => {
    const screen = await start();
    await screen.shows(/Nothing is pending/);
    const { bottle } = await propose();
    const begun = performance.now();
    await screen.shows(new RegExp(`${bottle} +route`));
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('a bottle that is removed takes its proposals along', async () => {
    await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await rm(bottleDirectory(BOTTLE), { recursive: true });
    await screen.shows(/is no longer pending/);
    await screen.keys('x');
    await screen.shows(/1 pending in 1 bottle[\s\S]*> docs-x9y8z/);
  });

  it('the one who decides too late is told who was first', async () => {
    const { route } = await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/would change/);
    await decide(route, { state: 'rejected', reason: 'no' });
    await screen.shows(/p-0r3k7m of demo-a1b2c: rejected by/);
  });

  it('a route that has changed since it was shown is shown again before it is approved', async () => {
    const { route } = await fill();
    const screen = await start();
    await screen.keys('Enter');
    await screen.shows(/methods: \[HEAD\]/);
    const other: Proposal['request'] = { kind: 'allow', host: 'pypi.org', methods: ['PUT'], reason: 'x' };
    await decide(await propose({ id: 'p-0r3k7z', request: other }), { state: 'approved' });
    await screen.keys('a');
    await screen.shows(/methods: \[PUT\][\s\S]*has changed since/);
    expect(await decisionOf(route)).toBeUndefined();
    await screen.keys('a');
    await screen.keys('a');
    await screen.shows(/2 pending/);
    expect(await decisionOf(route)).toMatchObject({ state: 'approved' });
  });

  it('filters by bottle and text', async () => {
    await fill();
    const screen = await start();
    await screen.keys('/', 'd', 'o', 'c', 's');
    await screen.shows(/filter: docs_/);
    await screen.keys('Enter');
    const filtered = await screen.shows(/1 of 3 pending/);
    expect(filtered).not.toContain('demo-a1b2c');
    await screen.keys('Escape');
    await screen.shows(/demo-a1b2c/);
  });
});
