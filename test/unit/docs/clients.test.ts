import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLIENTS } from '../../support/clients/clients.ts';
import { KIT } from '../../support/kit.ts';

it('the documented matrix names every client that is tested, and marks those of the big image', () => {
  const text = readFileSync(join(KIT, 'docs', 'environment.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  for (const { name, heavy } of CLIENTS) {
    const row = rows.find((line) =>
      line
        .split('|')[1]
        ?.replace('†', '')
        .split(',')
        .some((one) => one.trim() === name),
    );
    expect(row, name).toBeDefined();
    expect(row?.includes('†'), name).toBe(heavy === true);
  }
});
