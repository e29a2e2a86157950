import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, textOf, workshop, yaml } from '../../support/manifest-workspace.ts';

/** Returns the error message of a launch with this bottle. */
async function complaint(bottle: string | Uint8Array): Promise<string> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  const error = await errorOf(loadManifest('dev', sources));
  expect(error.code).toBe('manifest-invalid');
  expect(error.exitCode).toBe(65);
  return textOf(error, sources);
}

describe('error messages about a broken bottle', () => {
  it('a directory or a pipe instead of a file is reported without blocking', async () => {
    const sources = await workshop({ 'home/agents/other.md': '' });
    mkdirSync(path.join(sources.home, 'agents/folder.md'));
    execFileSync('mkfifo', [path.join(sources.home, 'agents/pipe.md')]);
    for (const name of ['folder', 'pipe']) {
      expect((await errorOf(loadManifest(name, sources))).message).toMatch(/is not a regular file/);
    }
  });

  it('an alias bomb and excessive nesting are reported clearly and quickly', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let level = 0; level < 20; level += 1) {
      const [name, previous] = [String.fromCharCode(98 + level), String.fromCharCode(97 + level)];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${previous}`).join(',')}]`);
    }
    const started = Date.now();
    expect(await complaint(`---\n${'env-'.repeat(200_000)}`)).toContain('frontmatter that is never closed');
    expect(await complaint(yaml(...bomb))).toContain('an alias (`*name`) is not supported');
    expect(await complaint(yaml(`egress: ${'['.repeat(30_000)}`))).toContain('is not valid YAML');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it('at most 20 problems are shown and the rest are counted', async () => {
    const text = await complaint(yaml(...Array.from({ length: 25 }, (_, index) => `unknown${index}: 1`)));
    expect(text).toContain('has 25 problems');
    expect(text.match(/unknown key/g)).toHaveLength(20);
    expect(text).toContain('… and 5 more');
  });

  it('the caret stays under its column on a very long line', async () => {
    const text = await complaint(yaml(`egress: {routes: [${' '.repeat(500)}{host: "!"}]}`));
    const [, line, caret] = text.split('\n');
    expect(line?.[caret?.indexOf('^') ?? 0]).toBe('"');
    expect(line?.length).toBeLessThan(120);
  });

  it('control characters from the file never reach the terminal', async () => {
    const text = await complaint(yaml('"a\\u001b[2Jb\\u202e": \u009b31m1'));
    for (const unsafe of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(unsafe);
  });
});
