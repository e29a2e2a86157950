import type { LoadedProvider } from '../../providers/loaded-provider.ts';
import { eventsOfLine } from '../../providers/provider-results.ts';
import { type LineOptions, transcriptLines } from '../../transcripts/lines.ts';
import type { Json, SecretMask } from '../../transcripts/mask.ts';
import type { TranscriptFile, TranscriptPlace } from '../../transcripts/place.ts';
import type { Source } from '../logs/in-order.ts';
import type { ShownEvent } from './shown-event.ts';

/** An event with what it is sorted by: times of one source never go back. */
export interface Ordered {
  readonly order: string;
  readonly event: ShownEvent;
}

export interface ReadOptions extends LineOptions {
  readonly place: TranscriptPlace;
  readonly provider: LoadedProvider;
  readonly mask: SecretMask;
  readonly session: string;
  readonly subagent: string | null;
  /** Called for each line that cannot be read. */
  readonly onUnreadable: () => void;
}

/** Yields what a session file tells, as its provider reads it; `undefined` when all so far has been yielded. */
export async function* readSession(
  { path }: TranscriptFile,
  { place, provider, onUnreadable, ...options }: ReadOptions,
): Source<Ordered> {
  let order = '';
  for await (const line of transcriptLines(place, path, options)) {
    if (line === undefined) {
      yield undefined;
      continue;
    }
    if (line.text?.trim() === '') continue;
    const events = line.text === undefined ? undefined : eventsOf(line.text, provider, options);
    // The end of a line may not be written yet.
    if (events === undefined && line.isWhole) onUnreadable();
    for (const event of events ?? []) {
      if (event.time !== null && event.time > order) order = event.time;
      yield { order, event: event.time === null && order !== '' ? { ...event, time: order } : event };
    }
  }
}

type EventOptions = Pick<ReadOptions, 'mask' | 'session' | 'subagent'>;

/** What the agent wrote can be anything, also deeper than a stack. */
function eventsOf(text: string, provider: LoadedProvider, options: EventOptions): ShownEvent[] | undefined {
  try {
    const events = eventsOfLine(provider, JSON.parse(text));
    return events?.map((event) => shown(event, options));
  } catch {
    return undefined;
  }
}

type ProviderEvent = NonNullable<ReturnType<typeof eventsOfLine>>[number];

function shown(event: ProviderEvent, { mask, session, subagent }: EventOptions): ShownEvent {
  const time = event.time === undefined ? null : new Date(event.time).toISOString();
  const said = { time, session, subagent };
  const id = 'id' in event && event.id !== undefined ? mask.text(event.id) : null;
  switch (event.kind) {
    case 'message':
      return { ...said, kind: event.kind, who: event.who, text: mask.text(event.text) };
    case 'thought':
      return { ...said, kind: event.kind, text: mask.text(event.text) };
    case 'call':
      return {
        ...said,
        kind: event.kind,
        tool: mask.text(event.tool),
        input: mask.json(event.input as Json),
        id,
      };
    case 'result':
      return { ...said, kind: event.kind, text: mask.text(event.text), failed: event.failed, id };
  }
}
