import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../lib/guest/shell-script.ts';

const noNul = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));

describe('shell scripts for the guest', () => {
  it('shellWord quotes any text as one word', () => {
    const hostile = ["'; rm -rf / #", '$(id)', '`id`', '"', '\\', '\n\n', '!!', "''", '-n', ''];
    fc.assert(
      fc.property(fc.oneof(noNul, fc.constantFrom(...hostile)), (text) => {
        const printed = execFileSync('sh', ['-s'], { input: `printf %s ${shellWord(text)}` });
        expect(printed.toString()).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 60 },
    );
  });
});
