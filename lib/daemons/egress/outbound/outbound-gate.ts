import { Readable } from 'node:stream';
import { WITHHELD } from '../../contract/egress/audit.ts';
import { steering } from '../../detection/rules/agent-message.ts';
import type { KnownSecretFinder } from '../../detection/rules/known-secrets.ts';
import { scanHost } from '../../detection/scan-host.ts';
import type { Finding, ScanOptions } from '../../detection/scan-text.ts';
import { UnscannableBody } from '../../detection/unscannable-body.ts';
import { HeldBudget } from '../../shared/memory-budget.ts';
import type { RequestContent } from '../http/exchange.ts';
import { behindTheHead, MAX_SHORT, shortLength, takeWhole } from '../http/read-whole.ts';
import { asksForDownload } from '../policy/git-lfs.ts';
import { pushDenial } from '../policy/git-request.ts';
import type { Rule } from '../policy/policy.ts';
import type { ScanPlan } from '../policy/scan-plan.ts';
import { type Admission, type Denial, deny } from '../policy/verdict.ts';
import { OutboundMessages } from '../websocket/outbound-messages.ts';
import type { Supervision } from './approvals.ts';
import { type Cleared, drop } from './approved-request.ts';
import { type HeldBody, holdBody, LateFinding } from './held-body.ts';
import { injectsLine } from './line-injection.ts';
import { scanHead } from './outbound-head.ts';
import { redacted } from './redact-request.ts';
import type { ScanThread } from './scan-thread.ts';

export interface Held {
  readonly clear: false;
  readonly denial: Denial;
  readonly types: readonly string[];
}

/** Looks at everything of an admitted request that would leave, before any of it does. */
export class OutboundGate {
  readonly #findKnown: KnownSecretFinder;
  readonly #supervision: Supervision;
  readonly #thread: ScanThread | undefined;
  readonly #options = new WeakMap<ScanPlan, ScanOptions>();
  /** One object for all routes that look for the same: what it was found to clear is remembered with it. */
  readonly #ways = new Map<string, ScanOptions>();
  /** For all that is held back until it was scanned. */
  readonly budget = new HeldBudget();

  /** `thread`: where long bodies are scanned. */
  constructor(findKnown: KnownSecretFinder, supervision: Supervision, thread?: ScanThread) {
    this.#findKnown = findKnown;
    this.#supervision = supervision;
    this.#thread = thread;
  }

  /** What looks at the messages of a WebSocket that `inspect` has let out. */
  messages({ rule, host }: Admission, path: string): OutboundMessages {
    const scan = this.#optionsFor(rule);
    const { onMatch } = rule.scan;
    const { budget } = this;
    return new OutboundMessages({ scan, onMatch, supervision: this.#supervision, budget, host, path });
  }

  /** @throws Error when the client went away while its body was read. */
  async inspect(request: RequestContent, admission: Admission): Promise<Cleared | Held> {
    const { path, query, rule, host } = admission;
    const { rawHeaders } = request;
    if (injectsLine(path, query, rawHeaders)) return held(lineInjection(admission), []);
    const options = this.#optionsFor(rule);
    if (options.detectors.size === 0 && !admission.isLfsBatch) {
      return { clear: true, path, query, rawHeaders, body: await unseen(request), types: [] };
    }

    const named = rule.host.startsWith('*.') ? scanHost(host, options) : [];
    const head = [...named, ...scanHead(path, query, rawHeaders, rule.auth !== undefined, options)];
    let body: HeldBody;
    try {
      body = await holdBody(request, options, this.budget);
    } catch (error) {
      if (!(error instanceof UnscannableBody)) throw error;
      const reason = `The body cannot be scanned for secrets: ${error.message}.`;
      return held(deny('body-unscannable', host, reason, 'Send it uncompressed.', rule), []);
    }
    if (body.whole && injectsLine('', '', request.rawTrailers)) {
      body.release();
      return held(lineInjection(admission), []);
    }
    const scanTrailers = () => scanHead('', '', request.rawTrailers, false, options);
    const trailing = body.whole ? scanTrailers() : [];
    const findings = [...head, ...body.findings, ...steeringIn(body), ...trailing];
    const cleared = (types: readonly string[]): Cleared => {
      const content = shortContent(body) ?? Readable.from(contentOf(body, scanTrailers));
      return { clear: true, path, query, rawHeaders, body: content, types };
    };
    const found = { findings, isInHead: head.length > 0, isTrailing: trailing.length > 0, cleared };
    const verdict =
      findings.length === 0 ? cleared([]) : await this.#judge(request, admission, body, found, options);
    if (verdict.clear && verdict.body instanceof Readable) verdict.body.once('close', () => body.release());
    else body.release();
    if (verdict.clear && admission.isLfsBatch && !asksForDownload(verdict)) {
      drop(verdict, request);
      return held(pushDenial(host, rule), []);
    }
    return verdict;
  }

  #optionsFor({ scan }: Rule): ScanOptions {
    const known = this.#options.get(scan);
    if (known !== undefined) return known;
    const exhaustive = scan.onMatch === 'supervise';
    const way = `${[...scan.outbound].sort().join()} ${exhaustive}`;
    const options = this.#ways.get(way) ?? {
      detectors: scan.outbound,
      exhaustive,
      findKnown: this.#findKnown,
      thread: this.#thread,
    };
    this.#ways.set(way, options);
    this.#options.set(scan, options);
    return options;
  }

  /** What becomes of a request that holds something. */
  async #judge(
    request: RequestContent,
    admission: Admission,
    body: HeldBody,
    { findings, isInHead, isTrailing, cleared }: Found,
    options: ScanOptions,
  ): Promise<Cleared | Held> {
    const { path, rule, host } = admission;
    const types = [...new Set(findings.map(({ type }) => type))];
    if (rule.scan.onMatch === 'redact' && !isTrailing) {
      return (
        (await redacted(request, admission, body, findings, options)) ??
        held(refusal(types, admission), types)
      );
    }
    if (rule.scan.onMatch !== 'supervise') return held(refusal(types, admission), types);
    const question = { host, method: request.method, path: isInHead ? WITHHELD : path, types };
    const answer = await this.#supervision.answer(question, findings);
    if (answer === 'allow') return cleared(types);
    return held(refusal(types, admission, answer), types);
  }
}

/** What was found in a request, and where. */
interface Found {
  readonly findings: readonly Finding[];
  readonly isInHead: boolean;
  readonly isTrailing: boolean;
  /** The request as it came, let out with these kinds of secrets in it. */
  readonly cleared: (types: readonly string[]) => Cleared;
}

/** Bytes of a message that are looked at for attacks. */
const MAX_STEERING = 1024 * 1024;

const held = (denial: Denial, types: readonly string[]): Held => ({ clear: false, denial, types });

/** A body that nobody looks into: in one piece if all of it is here, else as it comes. */
async function unseen({ rawHeaders, hasBody, body }: RequestContent): Promise<Readable | Buffer> {
  const length = shortLength(rawHeaders);
  if (!hasBody || length === undefined) return body;
  await behindTheHead();
  return takeWhole(body, length) ?? body;
}

/** A whole body that is sent in one go. */
function shortContent({ whole, chunks }: HeldBody): Buffer | undefined {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  return whole && size <= MAX_SHORT ? inOnePiece(chunks) : undefined;
}

function inOnePiece(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

async function* contentOf(body: HeldBody, scanTrailers: () => readonly Finding[]): AsyncGenerator<Buffer> {
  yield* body.drain();
  if (body.whole) return;
  yield* body.rest();
  const late = scanTrailers();
  if (late.length > 0) throw new LateFinding(late);
}

function lineInjection({ host, rule }: Admission): Denial {
  const reason = 'The request holds an encoded line break that would start a header of its own.';
  return deny('line-injection', host, reason, 'Send the text without line breaks.', rule);
}

/** Most bodies are no messages between agents, and are not made into text to find that out. */
function steeringIn({ whole, chunks }: HeldBody): Finding[] {
  if (!whole || chunks.length === 0) return [];
  const start = startOf(chunks, MAX_STEERING);
  return start.includes('jsonrpc') ? steering(start.toString('utf8')) : [];
}

function startOf(chunks: readonly Buffer[], most: number): Buffer {
  const taken: Buffer[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size >= most) break;
    taken.push(chunk);
    size += chunk.length;
  }
  return inOnePiece(taken).subarray(0, most);
}

function refusal(
  types: readonly string[],
  { host, rule }: Admission,
  answer?: 'deny' | 'timeout' | 'absent',
): Denial {
  const what = `The request to ${host} holds what looks like a secret (${types.join(', ')})`;
  const why = {
    deny: ', and the operator refused to let it out.',
    timeout: ', and no one answered in time whether it may leave.',
    absent: ', and no supervisor is attached who could let it out.',
    none: '.',
  }[answer ?? 'none'];
  const remedy = 'Remove it: credentials are added outside the bottle. If it is none, tell the operator.';
  return deny('secret-found', host, `${what}${why}`, remedy, rule);
}
