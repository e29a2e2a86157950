import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, textOf, workshop } from './workshop.ts';

/** The text that a launch with this bottle ends with. */
async function complaint(bottle: string | Uint8Array): Promise<string> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  const error = await errorOf(loadManifest('dev', sources));
  expect(error.code).toBe('manifest-invalid');
  expect(error.exitCode).toBe(65);
  return textOf(error, sources);
}

const yaml = (...lines: string[]) => `---\n${lines.join('\n')}\n---\n`;

describe('what a person reads about a broken bottle', () => {
  it('shows the place, the line with a caret, what is wrong and the remedy', async () => {
    expect(await complaint(yaml('egress:', '  routes:', '    - host: https://api.example.com/v1'))).toBe(
      [
        'home/bottles/b.md:4:13: egress.routes[0].host: must be one whole DNS name, without scheme, port, path or wildcard',
        '    4 |     - host: https://api.example.com/v1',
        '      |             ^',
        'hint: Write only the host, such as `api.example.com`.',
      ].join('\n'),
    );
  });

  it('reports all problems of a file together, in the order of the file', async () => {
    const text = yaml(
      'envs: {}',
      'egress:',
      '  routes:',
      '    - auth: {scheme: basic, token_ref: A}',
      'agent_provider: {template: command}',
    );
    expect(await complaint(text)).toBe(
      [
        'home/bottles/b.md has 4 problems',
        'home/bottles/b.md:2:1: envs: unknown key `envs`; did you mean `env`?',
        '    2 | envs: …',
        '      | ^',
        '      = Keys here are: env, egress, agent_provider.',
        'home/bottles/b.md:5:7: egress.routes[0].host: is missing',
        '    5 |     - auth: {scheme: basic, token_ref: …',
        '      |       ^',
        '      = Add `host: …` here.',
        'home/bottles/b.md:5:22: egress.routes[0].auth.scheme: must be `Bearer` or `token`',
        '    5 |     - auth: {scheme: basic, token_ref: …',
        '      |                      ^',
        '      = Write `Bearer` or `token`.',
        'home/bottles/b.md:6:1: agent_provider: template `command` needs a `command`',
        '    6 | agent_provider: {template: command}',
        '      | ^',
        '      = Add `command: [PROGRAM, ARGUMENT, …]`.',
        'hint: Correct the places named above in home/bottles/b.md.',
      ].join('\n'),
    );
  });

  it.each([
    [
      'an unquoted number',
      ['env:', '  PORT: 8080'],
      '3:9: env.PORT: must be a text, not a number',
      'Put the value in quotes.',
    ],
    [
      'an env that is a list',
      ['env: [A]'],
      '2:1: env: must be a map of keys and values, not a list',
      'Write a map',
    ],
    [
      'an env name with a hyphen',
      ['env:', '  MY-VAR: x'],
      '3:3: env.MY-VAR: is not the name of a variable',
      'Use letters',
    ],
    [
      'a prompted value',
      ['env:', '  A: "?Your password"'],
      '3:6: env.A: not supported yet',
      'Export it on the host',
    ],
    [
      'an env entry without value',
      ['env:', '  A:'],
      '3:3: env.A: must be a text, not empty',
      'Write one text',
    ],
    [
      'an empty auth',
      ['egress:', '  routes:', '    - host: a.example', '      auth: {}'],
      'has 2 problems',
      'Correct',
    ],
    [
      'a wildcard host',
      ['egress: {routes: [{host: "*.example.com"}]}'],
      '2:26: egress.routes[0].host: must be',
      'Write only',
    ],
    [
      'the built-in host',
      ['egress: {routes: [{host: selftest.bot-bottle.internal}]}'],
      'is built in',
      'Remove this route.',
    ],
    [
      'an address as host',
      ['egress: {routes: [{host: 10.0.0.1}]}'],
      'egress.routes[0].host: must be',
      'Write only',
    ],
    [
      'one host twice',
      ['egress:', '  routes:', '    - host: a.example', '    - host: A.example'],
      '5:13: egress.routes[1].host: names the same host as routes[0]',
      'Keep one',
    ],
    [
      'a key that is to come',
      ['egress:', '  log: 1'],
      '3:3: egress.log: not supported yet',
      'Remove the key.',
    ],
    [
      'a command as one line',
      ['agent_provider:', '  template: command', '  command: node x'],
      '4:12: agent_provider.command: must be a list, not a string',
      'Write a list',
    ],
    [
      'an empty command',
      ['agent_provider:', '  template: command', '  command: []'],
      'agent_provider.command: names no program',
      'List the program',
    ],
    [
      'a command for another provider',
      ['agent_provider:', '  command: [x]'],
      'agent_provider.command: is only for template',
      'Write `template: command`',
    ],
    [
      'a provider that is a path',
      ['agent_provider: {template: ../x}'],
      'agent_provider.template: is not the name',
      'Write `command`',
    ],
    ['frontmatter that is a list', ['- a'], 'must be a map of keys and values, not a list', 'Write a map'],
    [
      'a duplicate key',
      ['egress: {}', 'egress: {}'],
      '3:1: is not valid YAML: Map keys must be unique',
      'Keep one',
    ],
    ['a tab', ['egress:', '\troutes: []'], '3:1: is not valid YAML: Tabs', 'Indent with spaces.'],
    ['an open bracket', ['egress: {routes: ['], 'is not valid YAML', 'Correct'],
    [
      'a custom tag',
      ['egress: !python/object x'],
      '2:9: is not valid YAML: Unresolved tag',
      'Remove the tag',
    ],
    ['an alias', ['egress: &a {}', 'agent_provider: *a'], '3:17: an alias', 'Write the value out.'],
    [
      'a key that is a prototype',
      ['env:', '  __proto__: x'],
      '3:3: `__proto__` cannot be a key',
      'Choose another name.',
    ],
    ['a key that is a list', ['? [a]', ': b'], 'is not valid YAML: With stringKeys', 'Correct'],
  ])('names place and remedy for %s', async (_title, lines, message, hint) => {
    const text = await complaint(yaml(...lines));
    expect(text).toContain(message);
    expect(text).toContain(`hint: ${hint}`);
  });

  it.each([
    ['an empty file', '', '1:1: is empty'],
    ['blank lines alone', '\n \n', '1:1: is empty'],
    ['no frontmatter', '# A bottle\n', '1:1: has no frontmatter'],
    ['frontmatter that never ends', '---\nenv: {}\n', '1:1: has frontmatter that never ends'],
    [
      'bytes that are not UTF-8',
      Buffer.from('---\nenv: {}\n---\ncaf\xe9\n', 'latin1'),
      '4:1: is not UTF-8 text',
    ],
    ['a file over 1 MiB', `---\n---\n${'x'.repeat(1024 * 1024)}`, '1:1: is larger than 1 MiB'],
    ['frontmatter over 32 KiB', yaml(`# ${'x'.repeat(33_000)}`), '1:1: has frontmatter of more than 32 KiB'],
  ])('names the file for %s', async (_title, content, message) => {
    expect(await complaint(content)).toContain(`home/bottles/b.md:${message}`);
  });

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
