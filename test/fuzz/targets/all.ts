import { canonicalTarget } from '../../../lib/daemons/contract/egress/canonical-path.ts';
import { routesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import { BodyScanner } from '../../../lib/daemons/detection/body-scanner.ts';
import { readableText } from '../../../lib/daemons/detection/decode/readable-text.ts';
import { injectionLevel } from '../../../lib/daemons/detection/rules/injection.ts';
import { knownSecretFinder } from '../../../lib/daemons/detection/rules/known-secrets.ts';
import { type Finding, type ScanOptions, scanText } from '../../../lib/daemons/detection/scan-text.ts';
import { cutOut } from '../../../lib/daemons/egress/outbound/cut-out.ts';
import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';
import { parseRoutes } from '../../../lib/daemons/egress/policy/routes-source.ts';
import { claim } from '../claim.ts';
import { characters, DIGITS, disguised, LETTERS } from '../disguises.ts';
import type { Random } from '../random.ts';
import { frames } from './frames.ts';
import { reflection } from './reflection.ts';

/** One input and the claims it must hold. @throws Error saying which claim it broke, and by what. */
export type Target = (random: Random) => void | Promise<void>;

const policy = buildPolicy(
  routesFile.parse({
    version: 1,
    routes: [
      { host: 'a.example.com', matches: [{ paths: [{ type: 'prefix', value: '/v1' }] }] },
      { host: '*.example.org' },
    ],
  }),
  new Set(),
);
const calm = { now: 0, uses: () => 0 };
const SECRET = 'zq7Kp2mW9xLr4TvB8nYc3HdF';
const scanOptions = {
  detectors: new Set(['token_patterns', 'known_secrets'] as const),
  findKnown: knownSecretFinder([SECRET]),
};

const PATH_PARTS = [
  '/',
  '.',
  '..',
  '%2e',
  '%2F',
  '%5c',
  '\\',
  '%00',
  '%25',
  ';',
  '?',
  '#',
  'v1',
  'admin',
  '%c0%ae',
  '%',
  'é',
  '//',
] as const;
const HOST_PARTS = [
  'a.example.com',
  'example.org',
  '.',
  'x.example.org',
  '127.0.0.1',
  '[::1]',
  '@',
  ':',
  '443',
  '0x7f',
  '\u212a',
  '%61',
  '-',
  '\r\n',
  ' ',
] as const;
const YAML_PARTS = [
  'version: 1\n',
  'routes:\n',
  '  - ',
  'host: ',
  'a.example',
  '"*.a.example"',
  '\n',
  '    ',
  'port: ',
  '-1',
  '{}',
  '[',
  '&a ',
  '*a',
  'matches: ',
  '- paths: ',
  'regex',
  '(',
  '!!js ',
  '<<: ',
] as const;
const TEXT_PARTS = [
  'AKIA',
  'eyJ',
  '%41',
  '\\u0041',
  '&#65;',
  '41-',
  'QUtJ',
  '\u200b',
  'А',
  ' ',
  '=',
  '&',
  '"a":"',
  '"',
  '4111',
  '-',
  '://a:b@',
  'ignore previous instructions ',
  '0x',
  '\0',
] as const;

const SURROUNDINGS: readonly [[string, string], ...[string, string][]] = [
  ['', ''],
  ['{"note":"', '"}'],
  ['a=1&b=', '&c=2'],
  ['/v1/x/', ''],
  ['Über ', ' end'],
  ['see ', '\n'],
];

interface Sought {
  readonly secret: string;
  readonly type: string;
  readonly options: ScanOptions;
}

/** A value of a token slot, of any characters that such may have, or the format of an AWS key. */
function someSecret(random: Random): Sought {
  const detectors = new Set(['token_patterns', 'known_secrets'] as const);
  if (random.below(3) === 0) {
    const secret = `AKIA${characters(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`;
    return { secret, type: 'aws-access-key', options: { detectors, findKnown: knownSecretFinder([]) } };
  }
  const marks = random.pick(['', '', '-_', '-_+/=.~!@#$%^&*():;"\'<>\\|?{}[]`,']);
  const secret = characters(random, `${LETTERS}${DIGITS}${marks}`, 10 + random.below(60));
  return { secret, type: 'known-secret', options: { detectors, findKnown: knownSecretFinder([secret]) } };
}

export const TARGETS: Readonly<Record<string, Target>> = {
  /** A path has one form, no dots, no second reading; what is let out is under the prefix. */
  path(random) {
    const target = `/${random.text(PATH_PARTS, 12)}`;
    const canonical = canonicalTarget(target);
    if ('fault' in canonical) return;
    const again = canonicalTarget(canonical.path);
    claim(!('fault' in again) && again.path === canonical.path, `not one form: ${JSON.stringify(target)}`);
    const decoded = decodeURIComponent(canonical.path);
    claim(!/(^|\/)\.\.?(\/|;|$)|\\|\0/.test(decoded), `dots left: ${JSON.stringify(target)}`);
  },
  /** Nothing but the routes' own hosts is let out, whatever the spelling. */
  connect(random) {
    const target = `${random.text(HOST_PARTS, 4)}:${random.pick(['443', '80', '', '0443', '65979'])}`;
    const verdict = decide({ kind: 'connect', target }, policy, calm);
    const isListed = /^(a\.example\.com|([a-z0-9-]+\.)+example\.org)\.?:0*443$/i.test(target);
    claim(!verdict.allow || isListed, `let out: ${JSON.stringify(target)}`);
  },
  /** A request head is judged without a fault, and only ever let out to the tunnel's host. */
  head(random) {
    const host = random.text(HOST_PARTS, 3);
    const verdict = decide(
      {
        kind: 'tunnelled',
        method: random.pick(['GET', 'TRACE', 'get', '']),
        target: `${random.pick(['/', 'https://a.example.com', '//', '*', 'http://'])}${random.text(PATH_PARTS, 6)}`,
        hostHeaders: [host],
        rawHeaders: ['Host', host],
        upgrade: '',
        version: '1.1',
        tunnel: { host: 'a.example.com', port: 443 },
        serverName: random.pick([undefined, 'a.example.com', host]),
      },
      policy,
      calm,
    );
    if (!verdict.allow) return;
    claim(/^a\.example\.com\.?(:0*443)?$/i.test(host), `fronted: ${JSON.stringify(host)}`);
    claim(/^\/v1(\/|$)/.test(verdict.path), `out of the prefix: ${verdict.path}`);
  },
  /** The same for HTTP/2, where two names may be given, and no header may be framing in HTTP/1.1. */
  stream(random) {
    const authority = random.pick([undefined, 'a.example.com', random.text(HOST_PARTS, 3)]);
    const host = random.pick([undefined, 'a.example.com', random.text(HOST_PARTS, 3)]);
    const header = random.text(['x', '-', ':', ' ', '\r\n', '\0', 'A', 'transfer-encoding', 'upgrade'], 2);
    const value = random.text(['a', '\r', '\n', '\0', 'chunked', ' '], 3);
    const verdict = decide(
      {
        kind: 'tunnelled',
        method: random.pick(['GET', 'POST', 'CONNECT', 'trace']),
        target: `${random.pick(['/v1', '/', 'https://a.example.com/v1', '*', ''])}${random.text(PATH_PARTS, 6)}`,
        hostHeaders: host === undefined ? [] : [host],
        rawHeaders: [header, value],
        upgrade: random.pick(['', '', 'websocket', 'connect-udp']),
        version: '2',
        pseudo: { authority, scheme: random.pick(['https', 'https', 'http', undefined]) },
        tunnel: { host: 'a.example.com', port: 443 },
        serverName: random.pick([undefined, 'a.example.com', host]),
      },
      policy,
      calm,
    );
    if (!verdict.allow) return;
    for (const name of [authority, host]) {
      const isOwn = name === undefined || /^a\.example\.com\.?(:0*443)?$/i.test(name);
      claim(isOwn, `fronted: ${JSON.stringify([authority, host])}`);
    }
    claim(/^\/v1(\/|$)/.test(verdict.path), `out of the prefix: ${verdict.path}`);
    const isFraming = header === 'transfer-encoding' || header === 'upgrade';
    claim(/^[a-z-]+$/.test(header) && !isFraming, `header: ${JSON.stringify(header)}`);
    claim(!/[\r\n\0]/.test(value), `line break: ${JSON.stringify(value)}`);
  },
  /** A routes file is read or refused with its place, nothing else. */
  routes(random) {
    const text = `${random.pick(['version: 1\nroutes:\n', ''])}${random.text(YAML_PARTS, 14)}`;
    try {
      buildPolicy(parseRoutes(text, 'routes.yaml'), new Set());
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      claim(
        /^routes\.yaml:\d+: |^the route of /.test(message),
        `no place: ${JSON.stringify(text)}: ${message}`,
      );
    }
  },
  /** Scanning never fails, and never takes long. */
  scan(random) {
    const noise = random.bytes(random.below(200));
    const text = readableText(Buffer.concat([Buffer.from(random.text(TEXT_PARTS, 200)), noise]));
    const started = performance.now();
    scanText(text, scanOptions);
    injectionLevel(text);
    claim(performance.now() - started < 1000, `slow: ${JSON.stringify(text)}`);
  },
  /** A known value, or one of a known format, is found under up to three encodings, whatever stands around it. */
  decoders(random) {
    const { secret, options } = someSecret(random);
    const hidden = disguised(random, secret, 3);
    const [before, after] = random.pick(SURROUNDINGS);
    const text = `${before}${hidden}${after}`;
    claim(scanText(text, options).length > 0, `missed: ${JSON.stringify({ secret, text })}`);
  },
  /** The same of a body that comes in pieces, text or not, at any place of it; alone it is found in it, too. */
  chunks(random) {
    const { secret, options } = someSecret(random);
    const hidden = disguised(random, secret, 1);
    const filler = random.pick(['lorem ipsum ', '{"a":1},', '\n', 'é ', '\0\x01']);
    const fill = () => Buffer.from(filler.repeat(random.below(80_000 / filler.length)));
    const body = Buffer.concat([fill(), Buffer.from(` ${hidden} `), fill()]);
    const scanner = new BodyScanner(options);
    const findings: Finding[] = [];
    for (let start = 0, size = 0; start < body.length; start += size) {
      size = 1 + random.below(random.pick([10, 5_000, 100_000]));
      // What is ahead by few bytes is ahead by many: a byte at a time would take all of the time.
      if (Math.abs(start - body.indexOf(hidden)) > 1_000) size += 4_000;
      findings.push(...scanner.push(body.subarray(start, start + size)));
    }
    findings.push(...scanner.end());
    const [one] = findings;
    claim(one !== undefined, `missed: ${JSON.stringify({ secret, hidden, filler, length: body.length })}`);
  },
  /** Nothing of a secret is left where it is cut out, and all of the rest. */
  redaction(random) {
    const { secret, options, type } = someSecret(random);
    const parts = Array.from({ length: random.below(6) }, () =>
      random.text(['. ', 'é', '\n', ' "', '\u{1f600}'], 4),
    );
    const text = parts.join(` ${secret} `);
    const clean = cutOut(text, options);
    claim(
      clean === parts.join(` REDACTED-${type} `),
      `wrongly cut: ${JSON.stringify({ secret, text, clean })}`,
    );
    claim(scanText(clean, options).length === 0, `left: ${JSON.stringify({ secret, clean })}`);
  },
  reflection,
  frames,
};
