import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ContentScanner,
  cutOut,
  type Finding,
  findPromptInjection,
  packedStarts,
  readableText,
  type ScanOptions,
  scanBytes,
  scanText,
  UnscannableBody,
} from '../../detection/index.ts';
import type { MemoryBudget } from '../../shared/memory-budget.ts';
import type { Approvals, Asker } from '../outbound/approvals.ts';
import { shownPath } from '../outbound/finding-places.ts';
import type { ScanPlan } from '../policy/scan-plan.ts';
import { type FrameEvent, type Strand, strandOf, WebSocketRefusal } from './frame-events.ts';
import { groupsOf, STEP } from './groups.ts';
import { MAX_REDACTED, TAIL } from './limits.ts';

export interface OutboundMessagesOptions {
  readonly scan: ScanOptions;
  readonly onMatch: ScanPlan['onMatch'];
  readonly approvals: Approvals;
  /** Memory for the decoders of compressed files. */
  readonly budget: MemoryBudget;
  readonly host: string;
  /** Path of the handshake, withheld if something was found in it. */
  readonly path: string;
  /** Told when the agent is gone, and takes what is written down about a message that is held. */
  readonly waiting: Asker;
}

/** Scans everything that the agent sends over one WebSocket, before any of it is sent on. */
export class OutboundMessages {
  readonly #options: OutboundMessagesOptions;
  /** The last bytes that were sent. */
  readonly #tails: Record<Strand, Buffer> = {
    messages: Buffer.alloc(0),
    controls: Buffer.alloc(0),
  };

  constructor(options: OutboundMessagesOptions) {
    this.#options = options;
  }

  /** Yields what may be sent, in order. @throws WebSocketRefusal for anything that may not. */
  async *inspect(events: readonly FrameEvent[]): AsyncGenerator<readonly FrameEvent[]> {
    if (this.#options.scan.detectors.size === 0) return yield events;
    for (const group of groupsOf(events)) {
      const findings = await this.#findingsIn(group);
      if (findings.length === 0) {
        this.#remember(group);
        yield group;
        continue;
      }
      // Something was found: the events before it may still be sent.
      for (const event of group) {
        yield [await this.#inspectOne(event)];
        await nextTurn();
      }
    }
  }

  async #inspectOne(event: FrameEvent): Promise<FrameEvent> {
    const findings = await this.#findingsIn([event]);
    if (findings.length === 0) {
      this.#remember([event]);
      return event;
    }
    const types = [...new Set(findings.map(({ type }) => type))];
    const { onMatch } = this.#options;
    if (onMatch === 'supervise') {
      await this.#ask(event, findings, types);
      // What a person approved must not require another approval with the next message.
      this.#tails[strandOf(event)] = Buffer.alloc(0);
      return event;
    }
    const clean = onMatch === 'redact' ? await this.#redacted(event, findings) : undefined;
    if (clean === undefined) throw new WebSocketRefusal('secret-found', 1008, types);
    this.#remember([clean]);
    return clean;
  }

  /** Findings in the events of one group, all of them: approval of one secret does not cover the others. */
  async #findingsIn(group: readonly FrameEvent[]): Promise<Finding[]> {
    const { scan } = this.#options;
    const [first] = group;
    if (first === undefined) return [];
    const glue = [this.#tails[strandOf(first)], ...group.map(({ data }) => data.subarray(0, STEP))];
    // Joined, so that no border hides a secret, and separated, so that no neighbor does.
    const glued = scanBytes(Buffer.concat(glue), scan);
    if (first.data.length > STEP) return [...glued, ...(await this.#findingsInWhole(first))];
    const texts = group.map(({ data }) => readableText(data));
    const apart = glue.length === 2 && glue[0]?.length === 0 ? [] : scanText(texts.join('\n'), scan);
    const packed: Finding[] = [];
    for (const event of group) {
      if (packedStarts(event.data, true).length > 0) packed.push(...(await this.#findingsInWhole(event)));
    }
    return [
      ...glued,
      ...apart,
      ...packed,
      ...(first.kind === 'message' ? texts.flatMap(findPromptInjection) : []),
    ];
  }

  /** For a message that is long or contains a packed file. @throws WebSocketRefusal if it is unscannable. */
  async #findingsInWhole({ data }: FrameEvent): Promise<Finding[]> {
    const { scan, budget } = this.#options;
    const scanner = new ContentScanner(scan, budget, data.length);
    const findings: Finding[] = [];
    try {
      for (let start = 0; start < data.length; start += STEP) {
        await nextTurn();
        findings.push(...(await scanner.push(data.subarray(start, start + STEP))));
      }
      findings.push(...(await scanner.end()));
    } catch (error) {
      throw error instanceof UnscannableBody ? new WebSocketRefusal('message-unscannable', 1008) : error;
    } finally {
      scanner.close();
    }
    return [...findings, ...findPromptInjection(data.toString('utf8'))];
  }

  #remember(group: readonly FrameEvent[]): void {
    for (const event of group)
      this.#tails[strandOf(event)] = lastOf(this.#tails[strandOf(event)], event.data);
  }

  /** @throws WebSocketRefusal unless a person approves; Error when the agent goes meanwhile. */
  async #ask(event: FrameEvent, findings: readonly Finding[], types: readonly string[]): Promise<void> {
    const { approvals, host, path, waiting, scan } = this.#options;
    const outcome = await approvals.request(host, findings, {
      ...waiting,
      bytes: event.data.length,
      describe: () => ({
        ...{ method: 'WEBSOCKET', places: ['WebSocket message'] },
        path: shownPath(path, findings, scan),
      }),
    });
    if (outcome.allow) return;
    if (outcome.answer.state === 'gone') throw new Error('the agent is gone');
    throw new WebSocketRefusal('secret-found', 1008, types);
  }

  /** Cuts the findings out of a text. `undefined` if one cannot be cut out, or something remains. */
  async #redacted(event: FrameEvent, findings: readonly Finding[]): Promise<FrameEvent | undefined> {
    if (event.kind !== 'message' || event.isBinary || event.data.length > MAX_REDACTED) return undefined;
    if (findings.some(({ inPlainSight }) => !inPlainSight)) return undefined;
    const clean = { ...event, data: Buffer.from(cutOut(event.data.toString('utf8'), this.#options.scan)) };
    // With the tail: a secret that began in an earlier message cannot be cut out of this one.
    return (await this.#findingsIn([clean])).length === 0 ? clean : undefined;
  }
}

function lastOf(tail: Buffer, data: Buffer): Buffer {
  // A copy: a view would keep a message of megabytes in memory.
  if (data.length >= TAIL) return Buffer.from(data.subarray(data.length - TAIL));
  return Buffer.concat([tail.subarray(Math.max(0, tail.length + data.length - TAIL)), data]);
}
