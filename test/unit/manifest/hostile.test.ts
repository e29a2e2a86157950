import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BottleError } from '../../../lib/errors.ts';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { suggest } from '../../../lib/manifest/reading/suggest.ts';
import { agentOf, workshop } from '../../support/manifest-workspace.ts';

/** Tokens with a meaning in YAML, in any order: closer to its corner cases than arbitrary text. */
const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'env',
          'egress',
          'routes',
          'host',
          'auth',
          'agent_provider',
          'command',
          'git-gate',
          'repos',
          'url',
          'key',
          'extra_hosts',
          'matches',
          'paths',
          'dlp',
          'outbound_detectors',
          'extends',
          'ssh://git@h/p',
          '__proto__',
          'constructor',
        ],
        ...[
          ': ',
          ':',
          '\n',
          '\n  ',
          '\n    ',
          '- ',
          '? ',
          '{',
          '}',
          '[',
          ']',
          ',',
          '"',
          "'",
          '|',
          '>',
          '#',
          '%',
        ],
        ...[
          '&a ',
          '*a',
          '!!str ',
          '!x ',
          '---',
          '...',
          '\t',
          '\r',
          '\r\n',
          '<<',
          '~',
          'null',
          '1e9',
          '.nan',
          '@',
          '`',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

async function outcomeOfAgent(agent: string | Uint8Array): Promise<unknown> {
  const sources = await workshop({ 'home/agents/dev.md': agent, 'home/bottles/b.md': '---\n---\n' });
  return loadManifest('dev', sources, { bottles: ['b'] }).catch((error: unknown) => error);
}

async function outcome(bottle: string | Uint8Array): Promise<unknown> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  return loadManifest('dev', sources).catch((error: unknown) => error);
}

function isClear(result: unknown): boolean {
  if (!(result instanceof Error)) return true;
  return (
    result instanceof BottleError &&
    ['manifest-invalid', 'bottle-unknown'].includes(result.code) &&
    result.hint !== undefined
  );
}

describe('hostile manifest', () => {
  it('arbitrary bytes give a manifest or a clear error', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => isClear(await outcome(content))),
      { numRuns: 200 },
    );
  });

  it('arbitrary frontmatter gives a manifest or a clear error', async () => {
    await fc.assert(
      fc.asyncProperty(yamlish, async (content) => isClear(await outcome(`---\n${content}\n---\nbody`))),
      { numRuns: 600 },
    );
  });

  it('an arbitrary agent file gives a manifest or a clear error', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      yamlish.map((text) => `---\n${text}\n---\n`),
    );
    await fc.assert(
      fc.asyncProperty(content, async (agent) => isClear(await outcomeOfAgent(agent))),
      { numRuns: 200 },
    );
  });

  it('arbitrary values of known keys give a manifest or a clear error', async () => {
    const place = fc.constantFrom('extends', 'env', 'agent_provider', 'git-gate', 'egress', 'supervise');
    const value = fc.jsonValue({ maxDepth: 4 });
    const deep = fc.oneof(
      fc.record({
        routes: fc.array(fc.record({ host: fc.constant('a.example'), matches: value, dlp: value })),
      }),
      fc.record({ repos: fc.record({ a: fc.record({ url: value, key: value, extra_hosts: value }) }) }),
      value,
    );
    await fc.assert(
      fc.asyncProperty(place, deep, async (key, content) =>
        isClear(await outcome(`---\n${key}: ${JSON.stringify(content)}\n---\n`)),
      ),
      { numRuns: 400 },
    );
  });

  it('a quoted literal is read exactly as written', async () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((value) => !value.startsWith('?') && !value.includes('\0'));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        fc.pre(!/^\$\{.*\}$/.test(value));
        const result = await outcome(`---\nenv:\n  A: ${JSON.stringify(value)}\n---\n`);
        expect(result).toMatchObject({ bottle: { env: { A: { kind: 'literal', value } } } });
      }),
      { numRuns: 100 },
    );
  });
});

describe('suggestions for misspelled names', () => {
  it('suggest finds a word with one typo and nothing for an unrelated word', () => {
    expect(suggest('egrees', ['env', 'egress'])).toBe('egress');
    expect(suggest('dmeo', ['demo'])).toBe('demo');
    expect(suggest('zzzzzz', ['env', 'egress'])).toBeUndefined();
    expect(suggest('x'.repeat(100_000), ['env'])).toBeUndefined();
  });
});
