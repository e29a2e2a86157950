import { readRecord } from '../../bottle/records.ts';
import { isAtLastPorts } from '../../bundle/published-ports.ts';
import { watchBundle } from '../../bundle/watch-bundle.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { prepare } from '../../phases/prepare.ts';
import { workspace } from '../../phases/workspace.ts';
import type { Plan } from '../../plan/schema.ts';
import { SmolvmClient } from '../../smolvm/client.ts';
import { fetchWork } from '../fetch/fetch-work.ts';
import { workText } from '../fetch/work-text.ts';

/**
 * Runs a session, and says meanwhile when the bottle's bundle, or the engine with it, dies, and when it is back. The work
 * until then is fetched at once: who knows what dies next.
 * @throws BottleError `guest-died` when the session ended because the guest did.
 */
export async function watchBottle(
  slug: string,
  say: (text: string) => void,
  session: () => Promise<number>,
): Promise<number> {
  const plan = (await readRecord(slug, prepare.name, prepare.record))?.data;
  if (plan === undefined) return session();
  const ended = new AbortController();
  const watching = sayWhatDies(plan, say, ended.signal);
  let exitCode: number;
  try {
    exitCode = await session();
  } finally {
    ended.abort();
    await watching;
  }
  if (exitCode !== 0) await assertGuestLives(plan);
  return exitCode;
}

async function sayWhatDies(plan: Plan, say: (text: string) => void, signal: AbortSignal): Promise<void> {
  const { slug, names } = plan;
  for await (const change of watchBundle(names.bundle, signal)) {
    if (change.state === 'alive') {
      const found = await findContainer(names.bundle).catch(() => undefined);
      const isReachable = found !== undefined && (await isAtLastPorts(slug, found));
      say(isReachable ? 'the bundle is back, and with it the agent’s network' : elsewhere(slug));
      continue;
    }
    say(
      `${change.reason}: the agent lives, but has no network\nto bring it back, in another terminal: make up BOTTLE=${slug}`,
    );
    const saved = await savedText(slug, signal);
    if (saved !== '') say(saved);
  }
}

const elsewhere = (slug: string) =>
  `the bundle runs again, but at other ports, where the agent does not find it: make up BOTTLE=${slug}`;

/** Fetches the work and says where it is; empty when there is none. */
async function savedText(slug: string, signal: AbortSignal): Promise<string> {
  const copied = await readRecord(slug, workspace.name, workspace.record);
  if (copied?.data.kind !== 'repository') return '';
  try {
    return await workText(slug, await fetchWork(slug, { signal }));
  } catch (error) {
    return signal.aborted ? '' : `its work was not fetched: ${messageOf(error)}`;
  }
}

async function assertGuestLives({ slug, smolvm, names }: Plan): Promise<void> {
  const machines = await new SmolvmClient(smolvm).machineList().catch(() => undefined);
  const machine = machines?.find(({ name }) => name === names.machine);
  if (machines === undefined || machine?.state === 'running') return;
  const isThere = machine !== undefined;
  throw new BottleError('guest-died', `the guest of the bottle ${slug} has died, and the session with it`, {
    hint: isThere
      ? `Its disk is still there: make up BOTTLE=${slug} starts it again; then make fetch BOTTLE=${slug}, or go on with make attach BOTTLE=${slug} RESUME=1.`
      : 'It is gone with its disk. What was fetched is in refs/bottles of your repository.',
  });
}
