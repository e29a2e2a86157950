import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../../../smolvm-fakes/src/cli/env.ts';
import { parseCidr, parseDuration, parsePort } from '../../../../smolvm-fakes/src/cli/values.ts';
import { parseReference } from '../../../../smolvm-fakes/src/registry/reference.ts';

describe('command-line values', () => {
  it.each([
    ['10.1.2.3/8', '10.1.2.3/8'],
    ['1.1.1.1', '1.1.1.1/32'],
    ['::1', '::1/128'],
    ['fd00::/8', 'fd00::/8'],
  ])('parseCidr reads %s as %s', (text, cidr) => {
    expect(parseCidr(text)).toBe(cidr);
  });

  it.each([
    '',
    '1.1.1',
    '1.1.1.1/',
    '1.1.1.1/33',
    '1.1.1.1/8/8',
    '::1/129',
    'localhost',
    '1.1.1.1/-1',
    ' 1.1.1.1',
  ])('parseCidr refuses %j', (text) => {
    expect(() => parseCidr(text)).toThrow(`invalid CIDR '${text}'`);
  });

  it('parseCidr accepts every IPv4 address with every prefix', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        expect(parseCidr(`${address}/${prefix}`)).toBe(`${address}/${prefix}`);
      }),
    );
  });

  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1h 30s', 3_630_000],
  ])('parseDuration reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['30', '0s', '', 's', '5x', '5s!', '-5s'])('parseDuration refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow();
  });

  it('parseEnv drops entries without a key or without `=`', () => {
    expect(parseEnv(['A=1', 'B', '=c', 'D=', 'E=x=y'], { keyOnlyEnv: false }, { B: 'own' })).toEqual([
      ['A', '1'],
      ['D', ''],
      ['E', 'x=y'],
    ]);
  });

  it('parseEnv takes the value of a lone key from its own environment, since 0.8.1', () => {
    const own = { B: 'own', EMPTY: '' };
    expect(parseEnv(['B', 'A=1', 'UNSET', '', 'EMPTY'], { keyOnlyEnv: true }, own)).toEqual([
      ['B', 'own'],
      ['A', '1'],
      ['EMPTY', ''],
    ]);
  });

  it('parsePort reads one port for both sides, or one for each', () => {
    expect(parsePort('80')).toEqual([80, 80]);
    expect(parsePort('8080:80')).toEqual([8080, 80]);
    for (const text of ['0', '65536', 'x', '1:2:3', '']) expect(() => parsePort(text)).toThrow();
  });
});

describe('image references', () => {
  it.each([
    ['localhost:5000/bot-bottle:abc', 'http://localhost:5000', 'bot-bottle', 'abc'],
    ['127.0.0.1:5000/a/b', 'http://127.0.0.1:5000', 'a/b', 'latest'],
    ['10.1.2.3/x', 'http://10.1.2.3', 'x', 'latest'],
    ['172.20.0.2:5000/x', 'http://172.20.0.2:5000', 'x', 'latest'],
    ['127.0.0.2:5000/x', 'https://127.0.0.2:5000', 'x', 'latest'],
    ['ghcr.io/o/r:1', 'https://ghcr.io', 'o/r', '1'],
    ['alpine', 'https://registry-1.docker.io', 'library/alpine', 'latest'],
    ['docker.io/o/r', 'https://registry-1.docker.io', 'o/r', 'latest'],
    [`localhost/x@sha256:${'a'.repeat(64)}`, 'http://localhost', 'x', `sha256:${'a'.repeat(64)}`],
  ])('parseReference finds registry, repository and version of %s', (text, origin, repository, version) => {
    expect(parseReference(text)).toEqual({ origin, repository, version });
  });

  it.each(['', 'a b', '/x', 'x/', 'a..b', 'x?y', '-x', 'localhost/../x', 'localhost//x', 'LOCAL/UPPER'])(
    'parseReference refuses %j',
    (text) => {
      expect(() => parseReference(text)).toThrow('invalid image reference');
    },
  );
});
