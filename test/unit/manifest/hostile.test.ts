import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BottleError } from '../../../lib/errors.ts';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { suggest } from '../../../lib/manifest/reading/suggest.ts';
import { agentOf, workshop } from './workshop.ts';

/** Pieces that YAML gives a meaning to, in any order: nearer to its corners than arbitrary text. */
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

async function outcome(bottle: string | Uint8Array): Promise<unknown> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  return loadManifest('dev', sources).catch((error: unknown) => error);
}

function isClear(result: unknown): boolean {
  if (!(result instanceof Error)) return true;
  return result instanceof BottleError && result.code === 'manifest-invalid' && result.hint !== undefined;
}

describe('a hostile manifest', () => {
  it('ends in a manifest or in a clear error, whatever its bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => isClear(await outcome(content))),
      { numRuns: 200 },
    );
  });

  it('ends in a manifest or in a clear error, whatever its frontmatter', async () => {
    await fc.assert(
      fc.asyncProperty(yamlish, async (content) => isClear(await outcome(`---\n${content}\n---\nbody`))),
      { numRuns: 600 },
    );
  });

  it('gives each literal to the guest exactly as it was quoted', async () => {
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

describe('did you mean', () => {
  it('finds a word with one slip and invents nothing for a foreign one', () => {
    expect(suggest('egrees', ['env', 'egress'])).toBe('egress');
    expect(suggest('dmeo', ['demo'])).toBe('demo');
    expect(suggest('zzzzzz', ['env', 'egress'])).toBeUndefined();
    expect(suggest('x'.repeat(100_000), ['env'])).toBeUndefined();
  });
});
