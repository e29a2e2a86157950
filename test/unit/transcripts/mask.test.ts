import { expect, it } from 'vitest';
import { secretMask } from '../../../lib/transcripts/mask.ts';

const OWN = 'correct horse battery';
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const mask = secretMask([OWN, 'yes']);

it('masks known kinds of tokens, and the bottle’s own values also where they are encoded', () => {
  const encoded = Buffer.from(OWN).toString('base64').replace(/=+$/, '');
  const clean = mask.text(`a ${TOKEN} b ${OWN} c ${encoded} d yes`);
  expect(clean).toMatch(/^a REDACTED-[\w-]+ b REDACTED-known-secret c REDACTED-known-secret\S* d yes$/);
  for (const secret of [TOKEN, OWN, encoded.slice(0, -2)]) expect(clean).not.toContain(secret);
});

it('masks strings and keys of JSON', () => {
  const clean = mask.json({ [TOKEN]: 1, list: [TOKEN, { own: OWN }], none: null, yes: true });
  expect(JSON.stringify(clean)).not.toMatch(/ghp_|correct/);
  expect(clean).toMatchObject({
    list: [expect.any(String), { own: 'REDACTED-known-secret' }],
    none: null,
    yes: true,
  });
});

it('shows nothing of a text with too many secrets', () => {
  const many = Array.from({ length: 300 }, (_, index) => `ghp_${String(index).padStart(36, 'aB3')}`).join(
    ' ',
  );
  expect(mask.text(many)).toBe('[withheld: too many secrets]');
});

it('a secret at the end of what is shown of a long text is not shown in part', () => {
  for (const before of [1024 * 1024 - 20, 1024 * 1024 - 16 * 1024 - 20]) {
    const clean = mask.text(`${'x '.repeat(before / 2)}${TOKEN}${' y'.repeat(40_000)}`);
    expect(clean).not.toContain('ghp_');
    expect(clean.endsWith('…')).toBe(true);
  }
});
