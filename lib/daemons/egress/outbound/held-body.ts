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

/** Bytes of a body that are held back until they were scanned; of a longer one the rest is scanned as it passes. */
export const MAX_HELD = 8 * 1024 * 1024;

/** Bytes of a longer body that are held back at a time. */
const WINDOW = 64 * 1024;

export interface HeldBody {
  /** As sent, in order. */
  readonly chunks: readonly Buffer[];
  readonly findings: readonly Finding[];
  /** Whether `chunks` is all of it. */
  readonly whole: boolean;
  /** The same, each let go of as it is taken: a long body is not kept while it is sent. */
  drain(): Generator<Buffer>;
  /**
   * What follows `chunks`, to be read once; throws `LateFinding` instead of passing on a secret, and `UnscannableBody`
   * instead of what cannot be looked into.
   */
  rest(): AsyncGenerator<Buffer>;
  /** Gives the memory of `chunks` back to the budget; to be called once they are sent or dropped. */
  release(): void;
}

/** Reads up to `MAX_HELD` bytes of the body and scans them. @throws UnscannableBody; Error when the client is gone. */
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

/** Most bodies are short and say how long they are: no stream, iterator or other thread is set up for these. */
async function holdShort(
  body: Readable,
  length: number,
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<HeldBody> {
  const place = budget.open();
  try {
    if (!place.take(length)) throw new UnscannableBody(new MemoryExhausted().message);
    await afterHeadTick();
    const bytes = takeWhole(body, length) ?? (await readWhole(body, length));
    if (bytes.length !== length) throw new Error('the body broke off');
    const isPacked = packedStarts(bytes, true).length > 0;
    const findings = isPacked ? await scanPacked(bytes, options, budget) : scanBytes(bytes, options);
    return new WholeBody([bytes], findings, place);
  } catch (error) {
    place.release();
    throw error;
  }
}

async function holdLong(
  { body, rawHeaders }: RequestContent,
  decoders: readonly Decoder[],
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<HeldBody> {
  const place = budget.open();
  const scanner = new ContentScanner(options, budget, announcedLength(rawHeaders));
  const decode = (chunks: readonly Buffer[]) => scanDecoded(chunks, decoders, options, budget);
  const source = body.iterator({ destroyOnReturn: false });
  const release = () => {
    scanner.close();
    place.release();
    // As long as an iterator stands, nobody can read, or drop, what is left: the connection would stand still.
    source.return?.().then(
      () => body.resume(),
      () => {},
    );
  };
  try {
    return {
      ...(await readAndScan(source, scanner, place, decoders.length === 0 ? undefined : decode)),
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

/** All of a body: nothing follows. */
class WholeBody implements HeldBody {
  readonly whole = true;
  readonly chunks: Buffer[];
  readonly findings: readonly Finding[];
  readonly #place: MemoryShare | undefined;

  constructor(chunks: Buffer[], findings: readonly Finding[], place?: MemoryShare) {
    this.chunks = chunks;
    this.findings = findings;
    this.#place = place;
  }

  drain(): Generator<Buffer> {
    return drained(this.chunks);
  }

  async *rest(): AsyncGenerator<Buffer> {}

  release(): void {
    this.#place?.release();
  }
}

const NOTHING: readonly Finding[] = [];

function* drained(chunks: Buffer[]): Generator<Buffer> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}

/** `decode`: looks into a body that says it is compressed. */
async function readAndScan(
  source: AsyncIterator<Buffer>,
  scanner: ContentScanner,
  place: MemoryShare,
  decode: ((chunks: readonly Buffer[]) => Promise<Finding[]>) | undefined,
): Promise<Omit<HeldBody, 'release'>> {
  const chunks: Buffer[] = [];
  const findings: Finding[] = [];
  let size = 0;
  let whole = true;
  for (;;) {
    const { value, done } = await source.next();
    if (done === true) break;
    if (!place.take(value.length)) throw new UnscannableBody(new MemoryExhausted().message);
    chunks.push(value);
    size += value.length;
    // What is compressed as well: formats have room for comments that a decoder passes over.
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
      // A scanner waits for more before it looks; what leaves was looked at.
      late.push(...(await scanned(scanner.end())));
      if (late.length > 0) throw new LateFinding(late);
      yield* window;
    }
  }
  return { chunks, findings, whole, drain: () => drained(chunks), rest };
}
