#!/usr/bin/env node
// Measures how long a person's decision takes: from the key on the real screen to a request that passes the real egress in a
// real bundle, and from a revocation to the end of what is open. ROUNDS: how often (default 20). The daemon takes ten proposals
// at once and then one in ten seconds, so each further round waits that long. Needs Docker and tmux.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { request } from 'undici';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { bundleName } from '../../../lib/plan/names.ts';
import { decide, requireProposal } from '../../../lib/supervise/decide.ts';
import { pendingProposals } from '../../../lib/supervise/queues.ts';
import { revokeGrant } from '../../../lib/supervise/revoke.ts';
import { columns, line } from '../../../lib/terminal/output.ts';
import { KIT } from '../../support/kit.ts';
import { Tmux } from '../../support/tmux.ts';
import { HOST, openStage, type Stage } from './stage.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 20);

/** Milliseconds between two looks at a file, or two requests. */
const LOOK_MS = 5;

/** Milliseconds by what was measured. */
const measured = new Map<string, number[]>();

function note(what: string, since: number, until = performance.now()): void {
  measured.set(what, [...(measured.get(what) ?? []), until - since]);
}

/** Returns when `isSo` was so. */
async function when(isSo: () => Promise<boolean>): Promise<number> {
  while (!(await isSo())) await sleep(LOOK_MS);
  return performance.now();
}

const contains = (path: string, text: string) =>
  readFile(path, 'utf8').then(
    (content) => content.includes(text),
    () => false,
  );

async function passes({ proxy }: Stage, path: string): Promise<boolean> {
  const { statusCode, body } = await request(`https://${HOST}${path}`, { dispatcher: proxy });
  await body.dump();
  return statusCode === 200;
}

/** Has the agent ask for what is below a path. @returns the id, and the answer that the agent will get. */
async function ask({ agent, slug }: Stage, prefix: string) {
  const input = { host: HOST, methods: ['GET'], pathPrefix: prefix, reason: 'To measure.' };
  for (;;) {
    const answer = agent.callTool({ name: 'allow', arguments: input }, { timeout: 60_000 });
    const told = answer.then(({ isError }) => ({ at: performance.now(), isRefused: isError === true }));
    const pending = async () => (await pendingProposals([slug]))[0]?.pending ?? [];
    const asked = when(async () => (await pending()).length > 0).then(() => ({ isRefused: false }));
    if (!(await Promise.race([told, asked])).isRefused) {
      const [proposal] = await pending();
      return { id: proposal?.id ?? '', told: told.then(({ at }) => at) };
    }
    // The limit of proposals in a time.
    await sleep(1000);
  }
}

/** Approves with the key `a` on the screen. */
async function byKey(stage: Stage, screen: Tmux, round: number): Promise<void> {
  const prefix = `/key-${round}/`;
  const { id, told } = await ask(stage, prefix);
  await screen.shows(/> demo|> asker/);
  await screen.keys('Enter');
  await screen.shows(/approve for this bottle/);
  const pressed = performance.now();
  const key = screen.keys('a');
  const written = when(() => contains(bottlePaths.routes(stage.slug), id));
  const decided = when(() =>
    contains(join(bottlePaths.superviseQueue(stage.slug), `${id}.decision.json`), id),
  );
  const passed = when(() => passes(stage, `${prefix}x`));
  await key;
  note('key sent by tmux', pressed);
  note('key to routes written', pressed, await written);
  note('key to a request that passes', pressed, await passed);
  note('key to decision written', pressed, await decided);
  note('key to the agent told', pressed, await told);
  await screen.shows(new RegExp(`${id}: approved`));
}

/** Approves and revokes by the calls that commands make, and by `make revoke`, while a response is open. */
async function byCall(stage: Stage, round: number): Promise<void> {
  const prefix = `/open/call-${round}/`;
  const { id } = await ask(stage, prefix);
  const proposal = await requireProposal(stage.slug, id);
  const began = performance.now();
  await decide(proposal, { state: 'approved' });
  note('approve, the call', began);
  const closed = await openResponse(stage, prefix);
  const revoked = performance.now();
  if (round % 2 === 0) await revokeGrant(stage.slug, id);
  else
    await execa('make', ['-s', '-C', KIT, 'revoke', `BOTTLE=${stage.slug}`, `ID=${id}`], {
      env: stage.user.env,
    });
  note(
    round % 2 === 0 ? 'revoke, the call, to the end' : '`make revoke` to the end',
    revoked,
    await closed(),
  );
}

/** Opens a response that does not end by itself. @returns what waits until it is cut off. */
async function openResponse({ proxy }: Stage, prefix: string): Promise<() => Promise<number>> {
  const { statusCode, body } = await request(`https://${HOST}${prefix}`, { dispatcher: proxy });
  if (statusCode !== 200) throw new Error(`the response has status ${statusCode}`);
  const ended = new Promise<number>((resolve) => {
    for (const event of ['end', 'error', 'close']) body.once(event, () => resolve(performance.now()));
  });
  body.resume();
  return () => ended;
}

const stage = await openStage();
process.env.BOT_BOTTLE_HOME = stage.user.home;
const screen = new Tmux({ ...stage.user.env, BOT_BOTTLE_NOTIFY: 'true' });
try {
  // Not the first that needs it.
  await execa('make', ['-s', '-C', KIT, 'setup']);
  await screen.start([process.execPath, join(KIT, 'scripts/supervise.ts')]);
  await screen.shows(/supervise: 0 pending/);
  for (let round = 0; round < ROUNDS; round += 1) {
    await byKey(stage, screen, round);
    await byCall(stage, round);
    const began = performance.now();
    await execa('docker', ['exec', bundleName(stage.slug), 'true']);
    note('for comparison: an empty `docker exec`', began);
  }
} finally {
  await screen.end();
  await stage.stop();
}
const rows = [...measured].map(([what, values]) => {
  const sorted = values.toSorted((one, other) => one - other);
  const text = (value = 0) => `${value.toFixed(0)} ms`;
  return [what, text(sorted[sorted.length >> 1]), text(sorted.at(-1)), String(values.length)];
});
line(columns([['', 'median', 'most', 'times'], ...rows]));
