import { isUtf8 } from 'node:buffer';
import { setImmediate as breathe } from 'node:timers/promises';
import { injectionLevel } from '../../detection/index.ts';
import type { ReflectionScrubber } from '../inbound/reflection.ts';
import { type FrameEvent, type Strand, strandOf, WebSocketRefusal } from './frame-events.ts';
import { groupsOf, STEP } from './groups.ts';

export interface InboundMessagesOptions {
  /** Takes the injected token out; absent where none was injected. */
  readonly scrubber: ReflectionScrubber | undefined;
  /** Whether text is looked at for instructions to the agent. */
  readonly looks: boolean;
}

/** Characters before a text that are looked at again with it. */
const CONTEXT = 4096;

/** Looks at everything that an upstream says over one WebSocket, before the agent gets it. */
export class InboundMessages {
  readonly #options: InboundMessagesOptions;
  /** The last bytes that passed, one character each: half a token may have been among them. */
  readonly #passed: Record<Strand, string> = { messages: '', controls: '' };
  /** The last text that passed. */
  readonly #context: Record<Strand, string> = { messages: '', controls: '' };

  constructor(options: InboundMessagesOptions) {
    this.#options = options;
  }

  /** Gives what the agent may read, in order. @throws WebSocketRefusal where something is an attack on it. */
  async *inspect(events: readonly FrameEvent[]): AsyncGenerator<readonly FrameEvent[]> {
    const { scrubber, looks } = this.#options;
    const clean = scrubber === undefined ? events : events.map((event) => this.#scrubbed(event, scrubber));
    if (!looks) return yield clean;
    for (const group of groupsOf(clean)) {
      if (this.#isHarmless(group)) {
        yield group;
        continue;
      }
      for (const event of group) {
        if (isText(event)) await this.#look(event);
        yield [event];
      }
    }
  }

  #scrubbed(event: FrameEvent, scrubber: ReflectionScrubber): FrameEvent {
    const strand = strandOf(event);
    const text = this.#passed[strand] + event.data.toString('latin1');
    const clean = scrubber.text(text);
    this.#passed[strand] = clean.slice(-scrubber.longest);
    if (clean === text) return event;
    // Of a token that began in a message before, the rest is taken out: what replaces it is as long as it was.
    return { ...event, data: Buffer.from(clean.slice(clean.length - event.data.length), 'latin1') };
  }

  /** Whether nothing is in it even when read in the worst way; only short messages are told so, all at once. */
  #isHarmless(group: readonly FrameEvent[]): boolean {
    if (group.some(({ data }) => data.length > STEP)) return false;
    const texts = group.filter(isText).map(({ data }) => data.toString('utf8'));
    const strand = group[0] === undefined ? 'messages' : strandOf(group[0]);
    const glued = this.#context[strand] + texts.join('');
    // As JSON nothing in it counts as merely quoted.
    if (injectionLevel(`[\n${glued}\n${texts.join('\n')}`) === 'high') return false;
    this.#context[strand] = glued.slice(-CONTEXT);
    return true;
  }

  /** @throws WebSocketRefusal */
  async #look(event: FrameEvent): Promise<void> {
    const { data } = event;
    const strand = strandOf(event);
    for (let start = 0; start < data.length; start += STEP) {
      await breathe();
      const text = data.subarray(start, start + STEP).toString('utf8');
      // By itself too: what stood before may make it read as something else (prose, where this is JSON).
      const before = this.#context[strand];
      const read = before === '' ? [text] : [text, before + text];
      if (read.some((part) => injectionLevel(part) === 'high')) {
        throw new WebSocketRefusal('injection-found', 1008);
      }
      this.#context[strand] = (before + text).slice(-CONTEXT);
    }
  }
}

/** Text, whatever it is sent as. */
function isText(event: FrameEvent): boolean {
  if (event.kind === 'message' && !event.isBinary) return true;
  return isUtf8(event.data) && !event.data.includes(0);
}
