import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, textOf, workshop } from '../../support/manifest-workspace.ts';

const SECRET = 'hunter2';

describe('secret values in a broken bottle', () => {
  it.each([
    ['a value of the wrong type next to it', [`env:`, `  A: ${SECRET}`, '  B: 1']],
    ['a nested value', ['env:', `  A: {x: ${SECRET}}`]],
    ['a list', ['env:', '  A:', `    - ${SECRET}`]],
    ['a prompted value', ['env:', `  A: "?${SECRET}\\0"`]],
    ['a password in a URL', ['git-gate:', '  repos:', `    a: {url: ssh://git:${SECRET}@example.com/a.git}`]],
    [
      'a password with odd characters',
      ['git-gate:', '  repos:', '    a:', `      url: ssh://u:a@b/${SECRET}@h/a`],
    ],
    ['an OAuth token instead of its variable', ['agent_provider:', `  auth_token: sk-${SECRET}`]],
    ['a wrong name', ['env:', `  MY-A: ${SECRET}`]],
    ['env on one line', [`env: {A: ${SECRET}, B: 1}`]],
    ['everything on one line', [`{env: {A: ${SECRET}, B: 1}}`]],
    ['a quote that is never closed', ['env:', `  A: "${SECRET}`]],
    ['a quote that spans lines', ['env:', '  A: "x', `${SECRET}: y`, '  B: z']],
    ['a colon in the value', ['env:', `  A: ${SECRET}: more`]],
    ['an odd escape', ['env:', `  A: "\\${SECRET}"`]],
    ['a block of text', ['env:', '  A: |', `    ${SECRET}: x`, '  B: 1']],
    ['bad indentation', ['env:', '  A: x', `   ${SECRET}: y`, ' B: z']],
    ['a misspelled env', [`Env: {A: ${SECRET}}`]],
    ['a tag', ['env:', `  A: !${SECRET} x`]],
    ['an alias', ['env:', `  A: *${SECRET}`]],
    ['a complex key', ['? env', `: A: ${SECRET}`, '  B: 1']],
    [
      'a token instead of its variable',
      [
        'egress:',
        '  routes:',
        '    - host: a.example',
        '      auth:',
        '        scheme: Bearer',
        `        token_ref: sk-${SECRET}`,
      ],
    ],
    [
      'a token key that does not exist',
      [`egress: {routes: [{host: a.example, auth: {scheme: Bearer, token_ref: A, token: ${SECRET}}}]}`],
    ],
    ['env at the end of a long line', [`{${' '.repeat(1200)}env: {`, `  A: ${SECRET}, B: 1}}`]],
    ['a duplicate', ['env:', `  A: ${SECRET}`, `  A: ${SECRET}`]],
  ])('a secret value is not printed: %s', async (_title, lines) => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('b'),
      'home/bottles/b.md': `---\n${lines.join('\n')}\n---\n`,
    });
    const error = await errorOf(loadManifest('dev', sources));
    expect(error.code).toBe('manifest-invalid');
    expect(textOf(error, sources)).not.toContain(SECRET);
  });

  it('the name of the variable is still printed', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('b'),
      'home/bottles/b.md': `---\nenv:\n  GOOD: ${SECRET}\n  PORT: 80\n---\n`,
    });
    const text = textOf(await errorOf(loadManifest('dev', sources)), sources);
    expect(text).toContain('    4 |   PORT: …\n      |         ^');
  });
});
