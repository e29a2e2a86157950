import type { Duplex } from 'node:stream';
import { Receiver } from 'ws';
import type { MemoryBudget } from '../../shared/memory-budget.ts';
import { type FrameEvent, WebSocketRefusal } from './frame-events.ts';
import { MAX_CONTROL_RATE, MAX_MESSAGE, MAX_PIECES, UNCOUNTED } from './limits.ts';

export interface ReadOptions {
  /** Whether the frames must be masked: the agent's are, an upstream's never. */
  readonly masked: boolean;
  /** Memory for unfinished messages. */
  readonly budget: MemoryBudget;
  /** Called with the size of each piece of input, whether it completes a frame or not. */
  readonly received: (bytes: number) => void;
  /** Only for the agent. Called when it is gone without a close frame: whether it left between two messages. */
  readonly left?: (isBetweenMessages: boolean) => void;
}

/**
 * Reads everything that one side sends, as it arrives and at the pace of the consumer. Ends after a close
 * frame, or with the stream.
 *
 * Uses the Receiver of `ws` and not its WebSocket class: that reads ahead of the scan, replies to pings and
 * close frames before they are judged, and supports neither HTTP/2 streams nor a handshake done elsewhere.
 * The Receiver alone is RFC 6455's parser (masks, lengths, UTF-8, order of fragments) over any stream, and
 * stops when it is not fed.
 * @throws WebSocketRefusal for anything that a WebSocket must not contain.
 */
export async function* readFrames(
  source: Duplex,
  options: ReadOptions,
): AsyncGenerator<readonly FrameEvent[]> {
  const { budget, received } = options;
  let share = budget.open();
  const read: FrameEvent[] = [];
  const receiver = receiverFor(options.masked, read);
  const controls = new RateLimit(MAX_CONTROL_RATE);
  let unfinished = 0;
  try {
    for await (const piece of untilGone(source)) {
      const bytes: Buffer = piece;
      received(bytes.length);
      unfinished += bytes.length;
      if (unfinished > UNCOUNTED && !share.take(bytes.length))
        throw new WebSocketRefusal('memory-full', 1013);
      const fault = await feed(receiver, bytes);
      const events = read.splice(0);
      if (events.some(({ kind }) => kind === 'message')) unfinished = 0;
      if (!controls.permits(events.filter(({ kind }) => kind !== 'message').length)) {
        throw new WebSocketRefusal('control-flood', 1008);
      }
      // All of this piece is judged and sent before the next one is read.
      if (events.length > 0) yield events;
      if (events.at(-1)?.kind === 'close') return;
      if (unfinished === 0) {
        share.release();
        share = budget.open();
      }
      if (fault !== undefined) throw fault;
    }
    options.left?.(await isBetweenMessages(receiver, read));
  } finally {
    share.release();
    receiver.destroy();
  }
}

/** A side that resets its connection is as gone as one that ends it. */
async function* untilGone(source: Duplex): AsyncGenerator<Buffer> {
  try {
    yield* source.iterator({ destroyOnReturn: false });
  } catch {}
}

/** An empty text message of an agent. Elsewhere than between messages, it is read as something else. */
const EMPTY_TEXT = Buffer.from([0x81, 0x80, 0, 0, 0, 0]);

/** Whether all messages of an agent that the receiver was fed are complete. It cannot be used afterward. */
async function isBetweenMessages(receiver: Receiver, read: FrameEvent[]): Promise<boolean> {
  const fault = await feed(receiver, EMPTY_TEXT);
  const [event, ...more] = read.splice(0);
  return fault === undefined && more.length === 0 && event?.kind === 'message' && event.data.length === 0;
}

function receiverFor(masked: boolean, read: FrameEvent[]): Receiver {
  const receiver = new Receiver({
    isServer: masked,
    maxPayload: MAX_MESSAGE,
    maxFragments: MAX_PIECES,
    maxBufferedChunks: MAX_PIECES,
  });
  receiver.on('message', (data, isBinary) => read.push({ kind: 'message', data, isBinary }));
  receiver.on('ping', (data) => read.push({ kind: 'ping', data }));
  receiver.on('pong', (data) => read.push({ kind: 'pong', data }));
  receiver.on('conclude', (code, data) =>
    read.push({ kind: 'close', code: code === NO_STATUS ? undefined : code, data }),
  );
  // `feed` gets the error.
  receiver.on('error', () => {});
  return receiver;
}

/** The Receiver's code for a close frame without a status. */
const NO_STATUS = 1005;

function feed(receiver: Receiver, bytes: Buffer): Promise<WebSocketRefusal | undefined> {
  return new Promise((resolve) => {
    receiver.write(bytes, (error) => resolve(error ? refusalOf(error) : undefined));
  });
}

/** Maps the error codes that ws documents. */
function refusalOf(error: Error): WebSocketRefusal {
  const code = 'code' in error ? error.code : '';
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return new WebSocketRefusal('message-too-long', 1009);
    case 'WS_ERR_INVALID_UTF8':
      return new WebSocketRefusal('frame-invalid', 1007);
    default:
      return new WebSocketRefusal('frame-invalid', 1002);
  }
}

/** Limits events per second, in windows that start with the first event. */
class RateLimit {
  readonly #limit: number;
  #count = 0;
  #since = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  permits(count: number): boolean {
    const now = performance.now();
    if (now - this.#since > 1000) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += count;
    return this.#count <= this.#limit;
  }
}
