// Measures scanning a body, in this process. Prints milliseconds per body by kind and size, as JSON.
import { BodyScanner } from '../../../lib/daemons/detection/body-scanner.ts';
import { knownSecretFinder } from '../../../lib/daemons/detection/rules/known-secrets.ts';
import type { ScanOptions } from '../../../lib/daemons/detection/scan-text.ts';

const options: ScanOptions = {
  detectors: new Set(['token_patterns', 'known_secrets']),
  findKnown: knownSecretFinder(['tok-3c1f0a97d24b11e89f5d0242ac120002', 'another-token-0123456789abcdef']),
};

/** What agents typically send: prose, code and identifiers in JSON. */
const message = (index: number) =>
  JSON.stringify({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Line ${index}: rename fetchItems() to loadItems() in src/store/items.ts, then run the tests again.\nThe type of \`id\` is now string | undefined; see commit ${(index * 2654435761).toString(16)}.`,
    at: `2026-11-2${index % 10}T10:00:00Z`,
  });
const clean = (size: number) => {
  let text = '{"messages":[';
  for (let index = 0; text.length < size; index += 1) text += `${message(index)},`;
  return text.slice(0, size);
};

const filled = (unit: string) => (size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
const noise = (alphabet: string) => (size: number) => {
  let state = 7;
  let text = '';
  while (text.length < size) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
};
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Bodies without a secret that keep a scanner busy, each with different patterns or decoders. */
const HOSTILE: Readonly<Record<string, (size: number) => string>> = {
  'nested base64': (size) => {
    let text = noise(LETTERS)(size / 2.4);
    while (text.length < size * 0.7) text = Buffer.from(text).toString('base64');
    return text.slice(0, size);
  },
  'percent signs': filled('%25%32%35'),
  'hex digits': noise('0123456789abcdef'),
  'short base64 runs': filled('QUJDREVGR0hJSktMTU5P '),
  'base32 runs': filled('MFRGGZDFMZTWQ2LKNNWG23TP '),
  'card digits': filled('4111 1111 1111 1112 '),
  'prefixes of tokens': filled('AKIA ghp_ sk-ant- xoxb- eyJ SK0 AIza '),
  'eyJ without end': filled('eyJ'),
  'private key without end': filled('-----BEGIN PRIVATE KEY---- '),
  'urls without end': filled('https://a:'),
  lookalikes: filled('сk‐аnt‐'),
  'escapes in escapes': filled('\\u005cu005c'),
  'iban starts': filled('DE44 '),
};

/**
 * Milliseconds per body: one third to warm up, the rest to measure. Slow bodies are scanned at least twice.
 */
const BUDGET_MS = 150;

/** The median in milliseconds. */
function cost(body: Buffer): number {
  const once = () => {
    const start = performance.now();
    const scanner = new BodyScanner(options);
    const findings = [...scanner.push(body), ...scanner.end()];
    if (findings.length > 0) throw new Error(`the bench's own body holds a ${findings[0]?.type}`);
    return performance.now() - start;
  };
  const start = performance.now();
  do once();
  while (performance.now() - start < BUDGET_MS / 3);
  const times: number[] = [];
  do times.push(once());
  while (performance.now() - start < BUDGET_MS);
  times.sort((one, other) => one - other);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}

const SIZES = { '1 KB': 1024, '10 KB': 10 * 1024, '1 MB': 1024 * 1024 };
const costs = Object.entries(SIZES).map(([size, bytes]) => {
  const hostile = Object.entries(HOSTILE)
    .map(([name, make]) => ({ name, ms: cost(Buffer.from(make(bytes))) }))
    .sort((one, other) => other.ms - one.ms);
  return { size, clean: cost(Buffer.from(clean(bytes))), worst: hostile[0], hostile };
});
console.log(JSON.stringify(costs));
