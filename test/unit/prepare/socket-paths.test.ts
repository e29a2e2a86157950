import { describe, expect, it } from 'vitest';
import type { BottleError } from '../../../lib/errors.ts';
import { assertSocketPathsFit } from '../../../lib/prepare/socket-paths.ts';
import { machineFolders } from '../../../lib/smolvm/machine-folder.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';

const check = (platform: NodeJS.Platform, home: string) => () =>
  assertSocketPathsFit(platform, machineFolders(platform, {}, home));

describe('the path of smolvm’s sockets', () => {
  it.each([
    ['linux', 61, 'XDG_CACHE_HOME'],
    ['darwin', 49, 'HOME'],
  ] as const)('on %s fits for homes of up to %d bytes, and else names %s', (platform, longest, variable) => {
    const home = (bytes: number) => `/${'h'.repeat(bytes - 1)}`;
    expect(check(platform, home(longest))).not.toThrow();
    expect(check(platform, home(longest + 1))).toThrow(
      expect.objectContaining({ code: 'path-unusable', hint: expect.stringContaining(`Set ${variable} `) }),
    );
  });

  it('is explained', async () => {
    const texts = [check('linux', `/${'h'.repeat(80)}`), check('darwin', `/${'h'.repeat(60)}`)].map(
      (refused) => {
        try {
          refused();
          return '';
        } catch (error) {
          return errorText(error as BottleError);
        }
      },
    );
    await expect(texts.join('\n')).toMatchFileSnapshot('golden/socket-paths.txt');
  });

  it('is counted in bytes', () => {
    expect(check('linux', `/${'h'.repeat(40)}`)).not.toThrow();
    expect(check('linux', `/${'ü'.repeat(40)}`)).toThrow(/too long for smolvm/);
  });
});
