import { Readable } from 'node:stream';
import {
  type Finding,
  findPromptInjection,
  type KnownSecretFinder,
  type ScanOptions,
  scanHost,
  UnscannableBody,
} from '../../detection/index.ts';
import { MemoryBudget } from '../../shared/memory-budget.ts';
import type { RequestContent } from '../http/exchange.ts';
import { afterHeadTick, MAX_SHORT, shortLength, takeWhole } from '../http/read-whole.ts';
import { asksForDownload } from '../policy/git-lfs.ts';
import { pushDenial } from '../policy/git-request.ts';
import type { Rule } from '../policy/policy.ts';
import type { ScanPlan } from '../policy/scan-plan.ts';
import { credentialPlaceOf } from '../policy/tokens.ts';
import { type Admission, type Denial, deny } from '../policy/verdict.ts';
import type { Approvals, Asker } from './approvals.ts';
import { type ApprovedRequest, type BlockedRequest, discardBody } from './approved-request.ts';
import { LateFinding } from './body-failure.ts';
import { whereFound } from './finding-places.ts';
import { HandedOut } from './handed-out.ts';
import { type HeldBody, holdBody } from './held-body.ts';
import { injectsLine } from './line-injection.ts';
import { scanHead } from './outbound-head.ts';
import { redacted } from './redact-request.ts';
import type { ScanThread } from './scan-thread.ts';
import { secretRefusal } from './secret-refusal.ts';

/** Scans everything in an admitted request that would be sent, before any of it is sent. */
export class OutboundGate {
  readonly #findKnown: KnownSecretFinder;
  readonly approvals: Approvals;
  readonly #thread: ScanThread | undefined;
  readonly #options = new WeakMap<ScanPlan, ScanOptions>();
  /** One object per set of detectors, shared by routes: texts found clean are remembered per object. */
  readonly #optionsByKey = new Map<string, ScanOptions>();
  /** What upstreams handed out, and may get back. */
  readonly handedOut = new HandedOut();
  /** Memory for everything that is held until it has been scanned. */
  readonly budget = new MemoryBudget();

  /** `thread`: scans long bodies. */
  constructor(findKnown: KnownSecretFinder, approvals: Approvals, thread?: ScanThread) {
    this.#findKnown = findKnown;
    this.approvals = approvals;
    this.#thread = thread;
  }

  /** @throws Error when the client disconnects while its body is read, or while a person is asked. */
  async inspect(
    request: RequestContent,
    admission: Admission,
    exchange: Asker,
  ): Promise<ApprovedRequest | BlockedRequest> {
    const { path, query, rule, host } = admission;
    const { rawHeaders } = request;
    if (injectsLine(path, query, rawHeaders)) return blocked(lineInjection(admission), []);
    const options = this.optionsFor(rule);
    if (options.detectors.size === 0 && !admission.isLfsBatch) {
      return { approved: true, path, query, rawHeaders, body: await unscannedBody(request), types: [] };
    }

    const inHost = rule.host.startsWith('*.') ? scanHost(host, options) : [];
    const scanIt = (scan: ScanOptions) => scanHead(path, query, rawHeaders, credentialPlaceOf(rule), scan);
    const inHead = scanIt(options);
    const head = [
      ...inHost,
      ...this.handedOut.othersOf(host, inHead, () => scanIt({ ...options, exhaustive: true })),
    ];
    let body: HeldBody;
    try {
      body = await holdBody(request, options, this.budget);
    } catch (error) {
      if (!(error instanceof UnscannableBody)) throw error;
      const reason = `The body cannot be scanned for secrets: ${error.message}.`;
      return blocked(deny('body-unscannable', host, reason, 'Send it uncompressed.', rule), []);
    }
    if (body.whole && injectsLine('', '', request.rawTrailers)) {
      body.release();
      return blocked(lineInjection(admission), []);
    }
    const scanTrailers = () => scanHead('', '', request.rawTrailers, undefined, options);
    const trailing = body.whole ? scanTrailers() : [];
    const inBody = [...body.findings, ...promptInjectionIn(body)];
    const findings = [...head, ...inBody, ...trailing];
    const approved = (types: readonly string[]): ApprovedRequest => {
      const content = shortContent(body) ?? Readable.from(contentOf(body, scanTrailers));
      return { approved: true, path, query, rawHeaders, body: content, types };
    };
    const found = { findings, inHost, inBody, isTrailing: trailing.length > 0, approved };
    let decision: ApprovedRequest | BlockedRequest;
    try {
      decision =
        findings.length === 0
          ? approved([])
          : await this.#resolveFindings(request, admission, body, found, options, exchange);
    } catch (error) {
      body.release();
      throw error;
    }
    if (decision.approved && decision.body instanceof Readable)
      decision.body.once('close', () => body.release());
    else body.release();
    if (decision.approved && admission.isLfsBatch && !asksForDownload(decision)) {
      discardBody(decision, request);
      return blocked(pushDenial(host, rule, admission.gated), []);
    }
    return decision;
  }

  /** What to scan for in anything sent by this rule. */
  optionsFor({ scan }: Rule): ScanOptions {
    const known = this.#options.get(scan);
    if (known !== undefined) return known;
    const exhaustive = scan.onMatch === 'supervise';
    const key = `${[...scan.outbound].sort().join()} ${exhaustive} ${scan.passesLowRisk}`;
    const options = this.#optionsByKey.get(key) ?? {
      detectors: scan.outbound,
      exhaustive,
      passesLowRisk: scan.passesLowRisk,
      findKnown: this.#findKnown,
      thread: this.#thread,
    };
    this.#optionsByKey.set(key, options);
    this.#options.set(scan, options);
    return options;
  }

  /** Decides about a request in which something was found. @throws Error when the client goes while a person is asked. */
  async #resolveFindings(
    request: RequestContent,
    admission: Admission,
    body: HeldBody,
    found: Found,
    options: ScanOptions,
    exchange: Asker,
  ): Promise<ApprovedRequest | BlockedRequest> {
    const { findings, inHost, isTrailing, approved } = found;
    const { rule, host, path, query } = admission;
    const types = [...new Set(findings.map(({ type }) => type))];
    if (rule.scan.onMatch === 'redact' && !isTrailing) {
      return (
        (await redacted(request, admission, body, findings, options)) ??
        blocked(secretRefusal(types, admission), types)
      );
    }
    if (rule.scan.onMatch !== 'supervise') return blocked(secretRefusal(types, admission), types);
    // The question would have to name what was found.
    if (inHost.length > 0) return blocked(secretRefusal(types, admission, { state: 'in-host-name' }), types);
    const { rawHeaders, method } = request;
    const head = { path, query, rawHeaders, credential: credentialPlaceOf(rule) };
    const outcome = await this.approvals.request(host, findings, {
      ...exchange,
      bytes: body.chunks.reduce((sum, { length }) => sum + length, 0),
      describe: () => ({ method, ...whereFound(head, found, options) }),
    });
    if (outcome.allow) return approved(types);
    if (outcome.answer.state === 'gone') throw new Error('the client is gone');
    return blocked(secretRefusal(types, admission, outcome.answer), types);
  }
}

/** Findings in a request, and where they are. */
interface Found {
  readonly findings: readonly Finding[];
  readonly inHost: readonly Finding[];
  readonly inBody: readonly Finding[];
  readonly isTrailing: boolean;
  /** Approves the request unchanged, with these types of secrets in it. */
  readonly approved: (types: readonly string[]) => ApprovedRequest;
}

/** Bytes of a message that are scanned for prompt injection. */
const MAX_INJECTION_BYTES = 1024 * 1024;

const blocked = (denial: Denial, types: readonly string[]): BlockedRequest => ({
  approved: false,
  denial,
  types,
});

/** A body that is not scanned: in one piece if all of it has arrived, else as a stream. */
async function unscannedBody({ rawHeaders, hasBody, body }: RequestContent): Promise<Readable | Buffer> {
  const length = shortLength(rawHeaders);
  if (!hasBody || length === undefined) return body;
  await afterHeadTick();
  return takeWhole(body, length) ?? body;
}

/** The body in one piece if it is complete and short. */
function shortContent({ whole, chunks }: HeldBody): Buffer | undefined {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  return whole && size <= MAX_SHORT ? concatenated(chunks) : undefined;
}

function concatenated(chunks: readonly Buffer[]): Buffer {
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

/** Most bodies are not messages between agents; these are not decoded to text. */
function promptInjectionIn({ whole, chunks }: HeldBody): Finding[] {
  if (!whole || chunks.length === 0) return [];
  const start = startOf(chunks, MAX_INJECTION_BYTES);
  return start.includes('jsonrpc') ? findPromptInjection(start.toString('utf8')) : [];
}

function startOf(chunks: readonly Buffer[], maxBytes: number): Buffer {
  const taken: Buffer[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size >= maxBytes) break;
    taken.push(chunk);
    size += chunk.length;
  }
  return concatenated(taken).subarray(0, maxBytes);
}
