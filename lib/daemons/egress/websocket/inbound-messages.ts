import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { injectionLevel } from '../../detection/index.ts';
import type { ReflectionScrubber } from '../inbound/reflection.ts';
import { type FrameEvent, type Strand, strandOf, WebSocketRefusal } from './frame-events.ts';
import { groupsOf, STEP } from './groups.ts';

export interface InboundMessagesOptions {
  /** Removes the injected token; absent where none was injected. */
  readonly scrubber: ReflectionScrubber | undefined;
  /** Whether text is scanned for prompt injection. */
  readonly scansText: boolean;
}

/** Characters before a text that are scanned again with it. */
const CONTEXT = 4096;

/** Scans everything that an upstream sends over one WebSocket, before the agent gets it. */
export class InboundMessages {
  readonly #options: InboundMessagesOptions;
  /** The last bytes that were forwarded, one character each: they may contain the first half of a token. */
  readonly #forwarded: Record<Strand, string> = { messages: '', controls: '' };
  /** The last text that was forwarded. */
  readonly #context: Record<Strand, string> = { messages: '', controls: '' };

  constructor(options: InboundMessagesOptions) {
    this.#options = options;
  }

  /** Yields what the agent may read, in order. @throws WebSocketRefusal for prompt injection. */
  async *inspect(events: readonly FrameEvent[]): AsyncGenerator<readonly FrameEvent[]> {
    const { scrubber, scansText: scansInbound } = this.#options;
    const clean = scrubber === undefined ? events : events.map((event) => this.#scrubbed(event, scrubber));
    if (!scansInbound) return yield clean;
    for (const group of groupsOf(clean)) {
      if (this.#isHarmless(group)) {
        yield group;
        continue;
      }
      for (const event of group) {
        if (isText(event)) await this.#scan(event);
        yield [event];
      }
    }
  }

  #scrubbed(event: FrameEvent, scrubber: ReflectionScrubber): FrameEvent {
    const strand = strandOf(event);
    const text = this.#forwarded[strand] + event.data.toString('latin1');
    const clean = scrubber.text(text);
    this.#forwarded[strand] = clean.slice(-scrubber.longest);
    if (clean === text) return event;
    // The end of a token that began in an earlier message is removed. The replacement has the same length.
    return { ...event, data: Buffer.from(clean.slice(clean.length - event.data.length), 'latin1') };
  }

  /** Whether a group is harmless even in the strictest reading. Checks only short messages, all at once. */
  #isHarmless(group: readonly FrameEvent[]): boolean {
    if (group.some(({ data }) => data.length > STEP)) return false;
    const texts = group.filter(isText).map(({ data }) => data.toString('utf8'));
    const strand = group[0] === undefined ? 'messages' : strandOf(group[0]);
    const glued = this.#context[strand] + texts.join('');
    // As JSON, nothing in it counts as a mere quotation.
    if (injectionLevel(`[\n${glued}\n${texts.join('\n')}`) === 'high') return false;
    this.#context[strand] = glued.slice(-CONTEXT);
    return true;
  }

  /** @throws WebSocketRefusal */
  async #scan(event: FrameEvent): Promise<void> {
    const { data } = event;
    const strand = strandOf(event);
    for (let start = 0; start < data.length; start += STEP) {
      await nextTurn();
      const text = data.subarray(start, start + STEP).toString('utf8');
      // Also without its context, which may make it read as something else (prose, where this is JSON).
      const before = this.#context[strand];
      const readings = before === '' ? [text] : [text, before + text];
      if (readings.some((part) => injectionLevel(part) === 'high')) {
        throw new WebSocketRefusal('injection-found', 1008);
      }
      this.#context[strand] = (before + text).slice(-CONTEXT);
    }
  }
}

/** Whether it is text, in whatever kind of frame it is sent. */
function isText(event: FrameEvent): boolean {
  if (event.kind === 'message' && !event.isBinary) return true;
  return isUtf8(event.data) && !event.data.includes(0);
}
