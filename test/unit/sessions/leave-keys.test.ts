import { expect, it } from 'vitest';
import { LeaveKeys } from '../../../lib/sessions/leave-keys.ts';

const leaves = (...typed: string[]): boolean => {
  const keys = new LeaveKeys();
  return typed.map((text) => keys.see(Buffer.from(text))).some(Boolean);
};

it.each([
  ['Ctrl-] twice', ['\u001d', '\u001d']],
  ['both in one read', ['ab\u001d\u001d']],
  ['in the encoding of kitty', ['\u001b[93;5u', '\u001b[93;5u']],
  ['of kitty with releases', ['\u001b[93;5:1u', '\u001b[93;5:3u', '\u001b[93;5:1u']],
  ['in the encoding of xterm', ['\u001b[27;5;93~\u001b[27;5;93~']],
])('%s leaves a session', (_what, typed) => expect(leaves(...typed)).toBe(true));

it.each([
  ['Ctrl-] once', ['\u001d']],
  ['another key between', ['\u001d', 'x', '\u001d']],
  ['other keys', ['[5;93~', '\u001b[93;6u\u001b[93;6u', ']]']],
])('%s does not', (_what, typed) => expect(leaves(...typed)).toBe(false));
