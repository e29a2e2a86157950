import { join } from 'node:path';
import { readRecord } from '../../bottle/records.ts';
import { BottleError } from '../../errors.ts';
import { guestState } from '../../guest/guest-state.ts';
import { homeDirectory } from '../../host/directories.ts';
import { visibleName } from '../../host/visible.ts';
import { prepare } from '../../phases/prepare.ts';
import { provision } from '../../phases/provision.ts';
import { guestOf, requireBottle } from '../../phases/running-bottle.ts';
import type { Plan } from '../../plan/schema.ts';
import type { LoadedProvider } from '../../providers/loaded-provider.ts';
import { providerFor } from '../../providers/registry.ts';
import { guestPlace } from '../../transcripts/guest-place.ts';
import type { TranscriptPlace } from '../../transcripts/place.ts';
import { sessionsOf, type TranscriptSession } from '../../transcripts/sessions.ts';
import { statePlace } from '../../transcripts/state-place.ts';
import { keptTranscript } from './kept-transcript.ts';

export interface OpenTranscript {
  readonly plan: Plan;
  readonly provider: LoadedProvider;
  readonly place: TranscriptPlace;
  /** Whether it is read from the guest, where it may grow. */
  readonly isLive: boolean;
  /** Newest first; never empty. */
  readonly sessions: readonly TranscriptSession[];
}

/**
 * Finds the sessions of a bottle's agent: in its guest while that runs, else in its state.
 * @throws BottleError `state-missing` when there is no such bottle, or no session; `usage` when its provider keeps none.
 */
export async function openTranscript(slug: string, signal: AbortSignal): Promise<OpenTranscript> {
  await requireBottle(slug);
  const plan = (await readRecord(slug, prepare.name, prepare.record))?.data;
  if (plan === undefined) throw noTranscript(slug);
  const provider = await providerFor(plan.provider.template, homeDirectory());
  const { transcripts, template } = provider;
  if (transcripts === undefined) {
    throw new BottleError('usage', `the provider \`${template}\` of ${slug} keeps no transcripts`, {
      hint: `See what the agent printed: make logs BOTTLE=${slug} AGENT_OUTPUT=1`,
    });
  }
  for (const { place, isLive } of await placesOf(slug, plan, transcripts, signal)) {
    const sessions = sessionsOf(await place.list(signal));
    if (sessions.length > 0) return { plan, provider, place, isLive, sessions };
  }
  throw noTranscript(slug);
}

async function placesOf(slug: string, plan: Plan, transcripts: string, signal: AbortSignal) {
  const kept = { place: statePlace(join(await keptTranscript(slug, signal), transcripts)), isLive: false };
  const isProvisioned = (await readRecord(slug, provision.name, provision.record)) !== undefined;
  if (!isProvisioned || (await guestState(plan)) !== 'running') return [kept];
  const { bottle } = await guestOf(slug);
  return [{ place: guestPlace(bottle, `${bottle.agent.home}/${transcripts}`), isLive: true }, kept];
}

function noTranscript(slug: string): BottleError {
  return new BottleError('state-missing', `the bottle ${slug} has no transcript`, {
    hint: 'The agent has not begun a session, or ended before its guest was ready.',
  });
}

/**
 * Returns the session whose id begins so, the newest one when absent.
 * @throws BottleError `usage`, listing some, when it is none or several.
 */
export function chooseSession(
  sessions: readonly TranscriptSession[],
  named: string | undefined,
): TranscriptSession {
  const fitting =
    named === undefined ? sessions.slice(0, 1) : sessions.filter(({ id }) => id.startsWith(named));
  const exact = fitting.find(({ id }) => id === named);
  const [chosen, ...more] = exact === undefined ? fitting : [exact];
  if (chosen !== undefined && more.length === 0) return chosen;
  const ids = (chosen === undefined ? sessions : fitting).slice(0, 5).map(({ id }) => visibleName(id));
  throw new BottleError(
    'usage',
    `${chosen === undefined ? 'no session begins' : 'several sessions begin'} with \`${visibleName(named ?? '')}\``,
    { hint: `Sessions: ${ids.join(', ')}; FLAGS=--list lists all.` },
  );
}
