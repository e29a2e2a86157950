import { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type InjectionLevel, injectionLevel } from '../../detection/index.ts';

/** Characters before a chunk that are scanned again with it. */
const CONTEXT = 4096;

/** Cuts a response off in the middle: what was sent before is harmless, what follows is not. */
export class InjectionFound extends Error {
  readonly code = 'INJECTION_FOUND';
}

/** Whether a response of this type is text that an agent would read. */
export function isReadable(contentType: string): boolean {
  return (
    contentType === '' ||
    /^(?:text\/|application\/(?:[\w.+-]*(?:json|xml|javascript|yaml)|xhtml))/i.test(contentType)
  );
}

/**
 * Forwards text chunk by chunk, and fails with `InjectionFound` instead of forwarding an attack. With
 * `mayBeBinary` (a body without a declared type), a body that does not start like text is forwarded
 * unscanned.
 */
export function injectionFilter(mayBeBinary: boolean): Transform {
  const decoder = new StringDecoder('utf8');
  let context = '';
  let isText = !mayBeBinary;
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isFirst) isText ||= !chunk.subarray(0, 1024).includes(0);
      isFirst = false;
      if (!isText) return done(null, chunk);
      const text = context + decoder.write(chunk);
      if (injectionLevel(text) === 'high')
        return done(new InjectionFound('the response tries to steer the agent'));
      context = text.slice(-CONTEXT);
      done(null, chunk);
    },
  });
}

/** The level of a whole text, scanned in overlapping windows. */
export function levelOf(bytes: Buffer): InjectionLevel {
  const text = bytes.toString('utf8');
  let level: InjectionLevel = 'none';
  for (let start = 0; start === 0 || start < text.length; start += 16 * CONTEXT) {
    const found = injectionLevel(text.slice(Math.max(0, start - CONTEXT), start + 16 * CONTEXT));
    if (found === 'high') return 'high';
    if (found === 'medium') level = 'medium';
  }
  return level;
}
