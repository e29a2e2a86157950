import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, textOf, workshop, yaml } from '../../support/manifest-workspace.ts';

/** The text that a launch with this bottle ends with. */
async function complaint(bottle: string | Uint8Array): Promise<string> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  const error = await errorOf(loadManifest('dev', sources));
  expect(error.code).toBe('manifest-invalid');
  expect(error.exitCode).toBe(65);
  return textOf(error, sources);
}

describe('what a person reads about a broken bottle', () => {
  it('says what is wrong with a directory or a pipe in the place of a file, and does not wait', async () => {
    const sources = await workshop({ 'home/agents/other.md': '' });
    mkdirSync(path.join(sources.home, 'agents/folder.md'));
    execFileSync('mkfifo', [path.join(sources.home, 'agents/pipe.md')]);
    for (const name of ['folder', 'pipe']) {
      expect((await errorOf(loadManifest(name, sources))).message).toMatch(/is not a regular file/);
    }
  });

  it('is quick and clear about a bomb of aliases and about nesting without end', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let level = 0; level < 20; level += 1) {
      const [name, previous] = [String.fromCharCode(98 + level), String.fromCharCode(97 + level)];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${previous}`).join(',')}]`);
    }
    const started = Date.now();
    expect(await complaint(`---\n${'env-'.repeat(200_000)}`)).toContain('frontmatter that never ends');
    expect(await complaint(yaml(...bomb))).toContain('an alias (`*name`) is not supported');
    expect(await complaint(yaml(`egress: ${'['.repeat(30_000)}`))).toContain('is not valid YAML');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it('shows at most twenty problems and counts the rest', async () => {
    const text = await complaint(yaml(...Array.from({ length: 25 }, (_, index) => `unknown${index}: 1`)));
    expect(text).toContain('has 25 problems');
    expect(text.match(/unknown key/g)).toHaveLength(20);
    expect(text).toContain('… and 5 more');
  });

  it('keeps the caret under its column on a very long line', async () => {
    const text = await complaint(yaml(`egress: {routes: [${' '.repeat(500)}{host: "!"}]}`));
    const [, line, caret] = text.split('\n');
    expect(line?.[caret?.indexOf('^') ?? 0]).toBe('"');
    expect(line?.length).toBeLessThan(120);
  });

  it('sends no control character of the file to the terminal', async () => {
    const text = await complaint(yaml('"a\\u001b[2Jb\\u202e": \u009b31m1'));
    for (const unsafe of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(unsafe);
  });
});
