import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellWord, writeFileScript } from '../../../lib/guest/shell-script.ts';

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

  it('writeFileScript writes a file with the exact content, owner and mode', () => {
    const directory = mkdtempSync(join(tmpdir(), "bottle-kit 'test'-"));
    const owner = String(userInfo().uid);
    try {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (content) => {
          const path = join(directory, 'deep', "na'me");
          execFileSync('sh', ['-s'], { input: `set -e\n${writeFileScript(path, content, owner, '0640')}` });
          expect(readFileSync(path)).toEqual(Buffer.from(content));
          expect(statSync(path).mode & 0o777).toBe(0o640);
        }),
        { numRuns: 25 },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
