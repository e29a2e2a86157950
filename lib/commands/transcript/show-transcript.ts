import { asciiJson } from '../../host/ascii-json.ts';
import { type LineOptions, transcriptLines } from '../../transcripts/lines.ts';
import { type Json, type SecretMask, secretMask } from '../../transcripts/mask.ts';
import type { TranscriptFile } from '../../transcripts/place.ts';
import { nameOf, type TranscriptSession } from '../../transcripts/sessions.ts';
import { ownSecrets } from '../freeze/own-secrets.ts';
import { inOrder } from '../logs/in-order.ts';
import { denials } from './denials.ts';
import type { OpenTranscript } from './open-transcript.ts';
import { type Ordered, type ReadOptions, readSession } from './read-session.ts';
import type { ShownEvent } from './shown-event.ts';

export type ShownItem =
  | { readonly kind: 'event'; readonly event: ShownEvent }
  /** About the transcript, for the operator. */
  | { readonly kind: 'notice'; readonly text: string };

/** Subagents of one session that are read, newest first. */
const MOST_SUBAGENTS = 50;
/** Milliseconds for which what was refused still belongs to a session after the last change of its file. */
const AFTER_END_MS = 5000;

/**
 * Yields what was said and done in a session, with what the bundle refused meanwhile, by time. With `follow`, goes on until
 * the guest ends; what comes then is in the order in which it comes.
 */
export async function* showTranscript(
  { plan, provider, place, sessions }: OpenTranscript,
  session: TranscriptSession,
  { follow, signal }: LineOptions,
): AsyncGenerator<ShownItem> {
  let unreadable = 0;
  const options: Omit<ReadOptions, 'subagent'> = {
    ...{ place, provider, follow, signal },
    session: session.id,
    mask: secretMask(await ownSecrets(plan)),
    onUnreadable: () => {
      unreadable += 1;
    },
  };
  const parts = session.parts.slice(0, MOST_SUBAGENTS);
  const left = session.parts.length - parts.length;
  if (left > 0) yield notice(`${left} older subagents of this session are not shown`);
  const ended = new AbortController();
  const read = async function* (file: TranscriptFile, subagent: string | null) {
    yield* readSession(file, { ...options, subagent });
    if (subagent === null) ended.abort();
  };
  const audit = {
    isGoingOn: async () => follow && !ended.signal.aborted,
    signal: AbortSignal.any([signal, ended.signal]),
  };
  const isNewest = session === sessions[0];
  const until = isNewest ? undefined : new Date(session.file.modified + AFTER_END_MS).toISOString();
  const sources = [
    read(session.file, null),
    ...parts.map((file) => read(file, nameOf(file))),
    denials(plan.slug, follow ? audit : { ...audit, signal }),
  ];
  yield* withinSession(
    inOrder(sources, ({ order }) => order),
    until,
  );
  if (unreadable > 0)
    yield notice(`${unreadable} lines of the transcript could not be read and were skipped`);
  if (follow && !signal.aborted)
    yield notice(`the guest has ended; what it left: make transcript BOTTLE=${plan.slug}`);
}

/** Leaves out what was refused before the session began, or after it ended. */
async function* withinSession(
  items: AsyncGenerator<Ordered | undefined>,
  until: string | undefined,
): AsyncGenerator<ShownItem> {
  let hasBegun = false;
  for await (const item of items) {
    if (item === undefined) continue;
    const { event } = item;
    const isSaid = event.kind !== 'denial' && event.kind !== 'gap';
    hasBegun ||= isSaid;
    if (isSaid || (hasBegun && (until === undefined || (event.time ?? '') <= until)))
      yield { kind: 'event', event };
  }
}

/** Yields the lines of a session as the agent wrote them, with secrets masked. */
export async function* rawTranscript(
  { plan, place }: OpenTranscript,
  { file }: TranscriptSession,
  options: LineOptions,
): AsyncGenerator<string> {
  const mask = secretMask(await ownSecrets(plan));
  for await (const line of transcriptLines(place, file.path, options)) {
    if (line?.text !== undefined && line.text.trim() !== '') yield rawLine(line.text, mask);
  }
}

function rawLine(text: string, mask: SecretMask): string {
  try {
    return asciiJson(mask.json(JSON.parse(text) as Json));
  } catch {
    return asciiJson(mask.text(text));
  }
}

const notice = (text: string): ShownItem => ({ kind: 'notice', text });
