import { createHmac, randomBytes } from 'node:crypto';
import { type Finding, type ScanOptions, scanText } from '../../detection/index.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import { parseAuthority } from '../http/host-names.ts';

/** Values that are remembered. */
const MAX_VALUES = 4096;

/** URLs of one body that are looked into. */
const MAX_URLS = 256;

/** Findings of these types are the bottle's own secrets, which nobody may hand out. */
const OWN = 'known-secret';

const URLS = /https?:\/\/[A-Za-z0-9.-]{1,253}(?::\d{1,5})?\/[^\s"'<>\\`]{0,8192}/g;

/** Names of the parameters of signed URLs, by a part that all of them have. */
const SIGNED = /\?.*(?:sig|cred|token|jwt|key|auth|policy)/i;

const WHAT_TO_FIND: ScanOptions = {
  detectors: new Set(['token_patterns', 'entropy']),
  exhaustive: true,
  findKnown: () => [],
};

/**
 * Credentials that upstreams hand out in URLs, as object stores and forges do for downloads: each may be presented, exactly
 * as it is, to the host of its URL. Kept in memory, as a keyed hash.
 */
export class HandedOut {
  readonly #key = randomBytes(32);
  /** The oldest first. */
  readonly #marks = new Set<string>();

  /** Reads where a response leads. `from`: URL that relative ones are relative to. */
  noteHeaders(rawHeaders: readonly string[], from: string): void {
    const location = headerOf(rawHeaders, 'location');
    if (location !== undefined) this.#note(location, from);
  }

  /** Reads the URLs of a text, whose escapes may be those of JSON or HTML. */
  noteBody(body: Buffer): void {
    if (!body.includes('://')) return;
    const text = body.toString('latin1');
    const plain = text
      .replace(/\\u0026/gi, '&')
      .replaceAll('&amp;', '&')
      .replaceAll('\\/', '/');
    let count = 0;
    for (const [url] of plain.matchAll(URLS)) {
      if (!SIGNED.test(url)) continue;
      this.#note(url, url);
      count += 1;
      if (count === MAX_URLS) return;
    }
  }

  /**
   * Returns the findings in the head of a request to a host that nobody handed out for it. `all`: scans again, for
   * everything, since a scan may end with the first finding.
   */
  othersOf(host: string, findings: readonly Finding[], all: () => readonly Finding[]): readonly Finding[] {
    const isHandedOut = (finding: Finding) =>
      finding.type !== OWN && this.#marks.has(this.#markOf(host, finding.value));
    if (!findings.some(isHandedOut)) return findings;
    return all().filter((finding) => !isHandedOut(finding));
  }

  #note(text: string, from: string): void {
    const url = URL.parse(text, from);
    if (url === null || !/^https?:$/.test(url.protocol)) return;
    const host = parseAuthority(url.host)?.host;
    if (host === undefined) return;
    for (const { value } of scanText(`${url.pathname}${url.search}`, WHAT_TO_FIND)) {
      const mark = this.#markOf(host, value);
      this.#marks.delete(mark);
      this.#marks.add(mark);
      const [oldest] = this.#marks;
      if (this.#marks.size > MAX_VALUES && oldest !== undefined) this.#marks.delete(oldest);
    }
  }

  #markOf(host: string, value: string): string {
    return createHmac('sha256', this.#key).update(`${host} ${value}`).digest('base64');
  }
}
