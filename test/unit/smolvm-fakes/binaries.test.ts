import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSIONS } from '../../../smolvm-fakes/src/profile.ts';

const BIN = join(import.meta.dirname, '../../../smolvm-fakes/bin');

describe('binaries of the fake', () => {
  it('each version has one binary, and all binaries have the same content', () => {
    const names = readdirSync(BIN);
    expect(names.sort()).toEqual(VERSIONS.map((version) => `smolvm-${version}`).sort());
    expect(new Set(names.map((name) => readFileSync(join(BIN, name), 'utf8'))).size).toBe(1);
  });
});
