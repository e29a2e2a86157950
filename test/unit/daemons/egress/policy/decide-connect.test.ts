import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SELFTEST_HOST } from '../../../../../lib/daemons/contract/selftest/selftest.ts';
import { codeOf, connect } from '../../../../support/egress/decisions.ts';

describe('CONNECT decisions', () => {
  it('CONNECT to a listed host on port 443 is admitted', () => {
    expect(connect('api.example.com:443')).toMatchObject({ allow: true, port: 443 });
  });

  it.each(['API.Example.COM:443', 'api.example.com.:443', 'Api.Example.Com.:443'])(
    'CONNECT to %s matches the listed host',
    (target) => {
      const verdict = connect(target);
      expect(verdict.allow && verdict.rule.host).toBe('api.example.com');
    },
  );

  it.each([
    'example.com:443',
    'com:443',
    'evil.example.com:443',
    'api.example.com.evil.org:443',
    'xapi.example.com:443',
    'a.api.example.com:443',
    'localhost:443',
  ])('CONNECT to %s, which no route lists, is denied', (target) => {
    expect(codeOf(connect(target))).toBe('host-unlisted');
  });

  it.each([
    '',
    ':443',
    '443',
    '127.0.0.1:443',
    '169.254.169.254:443',
    '2130706433:443',
    '[::1]:443',
    '::1:443',
    'user@api.example.com:443',
    'user:pass@api.example.com:443',
    'api.example.com',
    'api.example.com:',
    'api.example.com:0',
    'api.example.com:65536',
    'api.example.com:443:443',
    'api.example.com:+443',
    'api.example.com:0x1bb',
    'api.example.com:443/',
    'api.example.com:443?x',
    'api.example.com:443#x',
    'https://api.example.com:443',
    'api.example.com..:443',
    '.api.example.com:443',
    'api..example.com:443',
    '*.example.com:443',
    'api%2eexample%2ecom:443',
    'api.example.com%00.evil.org:443',
    'api.example.com\u0000.evil.org:443',
    'api.example.com\\.evil.org:443',
    'api .example.com:443',
    'api\t.example.com:443',
    'аpi.example.com:443', // Cyrillic а
    'api。example。com:443', // ideographic full stops, which IDNA maps to dots
    'api．example．com:443',
    'ＡＰＩ.example.com:443', // fullwidth letters, which IDNA maps to ASCII
    'api.exampleK.com:443'.replace('K', '\u212a'), // Kelvin sign, which lowercases to k
    'api.\u00adexample.com:443', // soft hyphen, which IDNA drops
    '-api.example.com:443',
    `${'a'.repeat(64)}.example.com:443`,
    `${'a.'.repeat(130)}com:443`,
  ])('CONNECT to %j, which is not a host name with a port, is denied', (target) => {
    expect(codeOf(connect(target))).toBe('host-invalid');
  });

  it.each([
    ['open.example.com:443', 'host-mismatch'],
    ['api.example.com:8443', 'host-mismatch'],
    ['', 'host-mismatch'],
    ['127.0.0.1.evil.example', 'host-mismatch'],
    ['api.example.com:443', 'allowed'],
    ['API.example.com', 'allowed'],
    // The proxy itself, as Node's `http.request` has it.
    ['127.0.0.16:9099', 'allowed'],
  ])('CONNECT with the Host %j: %s', (host, code) => {
    expect(codeOf(connect('api.example.com:443', [host]))).toBe(code);
  });

  it('CONNECT with two Host headers is denied, even if both name its target', () => {
    const host = 'api.example.com:443';
    expect(codeOf(connect(host, [host, host]))).toBe('host-header-invalid');
  });

  it.each([80, 22, 444, 8443, 1])('CONNECT to port %i of a listed host is denied', (port) => {
    expect(codeOf(connect(`api.example.com:${port}`))).toBe('port-refused');
  });

  it('CONNECT is admitted only to the port that the route names', () => {
    expect(connect('odd.example.com:8443')).toMatchObject({ allow: true, port: 8443 });
    expect(codeOf(connect('odd.example.com:443'))).toBe('port-refused');
  });

  it('CONNECT is denied if the token of its route is missing', () => {
    expect(codeOf(connect('empty.example.com:443'))).toBe('token-missing');
  });

  it('CONNECT to the selftest host needs no route and is admitted only on port 443', () => {
    expect(connect(`${SELFTEST_HOST}:443`)).toMatchObject({ allow: true, rule: { upstream: 'selftest' } });
    expect(codeOf(connect(`${SELFTEST_HOST}:9443`))).toBe('port-refused');
  });

  it('CONNECT admits only listed names, whatever the target', () => {
    const listed = new Set(['api.example.com:443', 'open.example.com:443', 'odd.example.com:8443']);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc
            .tuple(
              fc.constantFrom('api', 'API', '', 'x.api', 'open'),
              fc.string({ maxLength: 3 }),
              fc.nat(70000),
            )
            .map(([label, odd, port]) => `${label}${odd}.example.com:${port}`),
        ),
        (target) => {
          const verdict = connect(target);
          if (!verdict.allow) return;
          expect(listed.has(target.toLowerCase().replace('.:', ':'))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
