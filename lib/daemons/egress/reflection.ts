import { Transform } from 'node:stream';
import { literalForms } from './dlp/known-secrets.ts';
import type { HeaderLines } from './headers.ts';

/** Tokens are few and stay; what they may look like is worked out once for each. */
const known = new Map<string, readonly string[]>();

function formsOf(token: string): readonly string[] {
  const forms = known.get(token) ?? literalForms(token).filter((form) => form.length >= 4);
  known.set(token, forms);
  return forms;
}

/**
 * Takes an injected token out of what an upstream sends back, in whatever common encoding it comes. What it puts there
 * is as long as what was there, so that no length in the framing changes.
 */
export class ReflectionScrubber {
  readonly #forms: readonly string[];

  constructor(token: string) {
    this.#forms = formsOf(token);
  }

  /** Characters of the longest form that is looked for. */
  get longest(): number {
    return this.#forms[0]?.length ?? 0;
  }

  text(value: string): string {
    let clean = value;
    for (const form of this.#forms) {
      if (clean.includes(form)) clean = clean.replaceAll(form, '*'.repeat(form.length));
    }
    return clean;
  }

  #isIn(text: string): boolean {
    return this.#forms.some((form) => text.includes(form));
  }

  bytes(body: Buffer): Buffer {
    const text = body.toString('latin1');
    const clean = this.text(text);
    return clean === text ? body : Buffer.from(clean, 'latin1');
  }

  /** Changes the lines that it is given. */
  headers(lines: HeaderLines): HeaderLines {
    // All at once: they seldom hold any form, and there are dozens.
    if (!this.#isIn(Object.values(lines).join('\n'))) return lines;
    for (const name of Object.keys(lines)) {
      const value = lines[name] ?? '';
      lines[name] = Array.isArray(value) ? value.map((line) => this.text(line)) : this.text(value);
    }
    return lines;
  }

  /** Holds back only bytes that may be the start of a token; everything else passes at once. */
  stream(): Transform {
    let tail = '';
    const scrub = (text: string) => this.text(text);
    const undecided = (text: string) => this.#undecided(text);
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const text = scrub(tail + chunk.toString('latin1'));
        const keep = undecided(text);
        tail = text.slice(text.length - keep);
        done(null, Buffer.from(text.slice(0, text.length - keep), 'latin1'));
      },
      flush(done) {
        done(null, Buffer.from(tail, 'latin1'));
      },
    });
  }

  /** Length of the longest end of the text that some form of the token starts with. */
  #undecided(text: string): number {
    let longest = 0;
    for (const form of this.#forms) {
      for (let length = Math.min(form.length - 1, text.length); length > longest; length -= 1) {
        if (text.endsWith(form.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
