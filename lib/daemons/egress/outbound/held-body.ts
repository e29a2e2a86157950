import type { Readable } from 'node:stream';
import {
  ContentScanner,
  type Finding,
  packedStarts,
  type ScanOptions,
  scanBytes,
  scanned,
  UnscannableBody,
} from '../../detection/index.ts';
import { type MemoryBudget, MemoryExhausted, type MemoryShare } from '../../shared/memory-budget.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import { type Decoder, decodersFor } from '../http/content-decoding.ts';
import type { RequestContent } from '../http/exchange.ts';
import { afterHeadTick, announcedLength, readWhole, shortLength, takeWhole } from '../http/read-whole.ts';
import { LateFinding } from './body-failure.ts';
import { scanDecoded } from './scan-decoded.ts';

/** Bytes of a body that are held until scanned. The rest of a longer body is scanned as it is sent. */
export const MAX_HELD = 8 * 1024 * 1024;

/** Bytes that are held at a time of the rest of a longer body. */
const WINDOW = 64 * 1024;

export interface HeldBody {
  /** As received, in order. */
  readonly chunks: readonly Buffer[];
  readonly findings: readonly Finding[];
  /** Whether `chunks` is the whole body. */
  readonly whole: boolean;
  /** The same chunks, each removed as it is taken, so that a long body is not kept while it is sent. */
  drain(): Generator<Buffer>;
  /**
   * The part of the body after `chunks`; can only be read once. Throws `LateFinding` instead of sending a
   * secret, and `UnscannableBody` instead of sending what cannot be scanned.
   */
  rest(): AsyncGenerator<Buffer>;
  /** Returns the memory of `chunks` to the budget. Must be called once they are sent or dropped. */
  release(): void;
}

/** Reads and scans up to `MAX_HELD` bytes. @throws UnscannableBody; Error when the client is gone. */
export async function holdBody(
  request: RequestContent,
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<HeldBody> {
  if (!request.hasBody) return new WholeBody([], NOTHING);
  const decoders = decodersFor(headerOf(request.rawHeaders, 'content-encoding') ?? '');
  if (decoders === undefined) throw new UnscannableBody('its Content-Encoding cannot be undone');
  const length = decoders.length === 0 ? shortLength(request.rawHeaders) : undefined;
  if (length === undefined) return holdLong(request, decoders, options, budget);
  return holdShort(request.body, length, options, budget);
}

/**
 * Most bodies are short and announce their length, so these do without streams, iterators and other threads.
 */
async function holdShort(
  body: Readable,
  length: number,
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<HeldBody> {
  const share = budget.open();
  try {
    if (!share.take(length)) throw new UnscannableBody(new MemoryExhausted().message);
    await afterHeadTick();
    const bytes = takeWhole(body, length) ?? (await readWhole(body, length));
    if (bytes.length !== length) throw new Error('the body broke off');
    const isPacked = packedStarts(bytes, true).length > 0;
    const findings = isPacked ? await scanPacked(bytes, options, budget) : scanBytes(bytes, options);
    return new WholeBody([bytes], findings, share);
  } catch (error) {
    share.release();
    throw error;
  }
}

async function holdLong(
  { body, rawHeaders }: RequestContent,
  decoders: readonly Decoder[],
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<HeldBody> {
  const share = budget.open();
  const scanner = new ContentScanner(options, budget, announcedLength(rawHeaders));
  const decode = (chunks: readonly Buffer[]) => scanDecoded(chunks, decoders, options, budget);
  const source = body.iterator({ destroyOnReturn: false });
  const release = () => {
    scanner.close();
    share.release();
    // While an iterator exists, nobody else can read or drop the rest, and the connection would stall.
    source.return?.().then(
      () => body.resume(),
      () => {},
    );
  };
  try {
    return {
      ...(await readAndScan(source, scanner, share, decoders.length === 0 ? undefined : decode)),
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function scanPacked(bytes: Buffer, options: ScanOptions, budget: MemoryBudget): Promise<Finding[]> {
  const scanner = new ContentScanner(options, budget, bytes.length);
  try {
    return [...(await scanned(scanner.push(bytes))), ...(await scanned(scanner.end()))];
  } finally {
    scanner.close();
  }
}

/** A complete body: nothing follows. */
class WholeBody implements HeldBody {
  readonly whole = true;
  readonly chunks: Buffer[];
  readonly findings: readonly Finding[];
  readonly #share: MemoryShare | undefined;

  constructor(chunks: Buffer[], findings: readonly Finding[], share?: MemoryShare) {
    this.chunks = chunks;
    this.findings = findings;
    this.#share = share;
  }

  drain(): Generator<Buffer> {
    return drain(this.chunks);
  }

  async *rest(): AsyncGenerator<Buffer> {}

  release(): void {
    this.#share?.release();
  }
}

const NOTHING: readonly Finding[] = [];

function* drain(chunks: Buffer[]): Generator<Buffer> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}

/** `decode`: decodes and scans a body that is compressed according to its headers. */
async function readAndScan(
  source: AsyncIterator<Buffer>,
  scanner: ContentScanner,
  share: MemoryShare,
  decode: ((chunks: readonly Buffer[]) => Promise<Finding[]>) | undefined,
): Promise<Omit<HeldBody, 'release'>> {
  const chunks: Buffer[] = [];
  const findings: Finding[] = [];
  let size = 0;
  let whole = true;
  for (;;) {
    const { value, done } = await source.next();
    if (done === true) break;
    if (!share.take(value.length)) throw new UnscannableBody(new MemoryExhausted().message);
    chunks.push(value);
    size += value.length;
    // Compressed bytes are scanned too: formats have room for comments that a decoder skips.
    findings.push(...(await scanned(scanner.push(value))));
    if (size < MAX_HELD) continue;
    whole = false;
    break;
  }
  if (decode !== undefined) {
    if (!whole) throw new UnscannableBody(`it is compressed and longer than ${MAX_HELD} bytes`);
    findings.push(...(await decode(chunks)));
  }
  findings.push(...(await scanned(scanner.end())));
  async function* rest() {
    for (let isOver = false; !isOver; ) {
      const window: Buffer[] = [];
      const late: Finding[] = [];
      for (let bytes = 0; bytes < WINDOW && !isOver; bytes += window.at(-1)?.length ?? 0) {
        const { value, done } = await source.next();
        isOver = done === true;
        if (isOver) break;
        window.push(value);
        late.push(...(await scanned(scanner.push(value))));
      }
      // A scanner waits for more bytes before it scans. `end` makes it scan everything about to be sent.
      late.push(...(await scanned(scanner.end())));
      if (late.length > 0) throw new LateFinding(late);
      yield* window;
    }
  }
  return { chunks, findings, whole, drain: () => drain(chunks), rest };
}
