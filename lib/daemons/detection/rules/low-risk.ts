import { holdsSequence } from './sequences.ts';

/** Kinds that identify something but open nothing. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set([
  'payment-card',
  'iban',
  'us-social-security',
  'bitcoin-address',
  'ethereum-address',
]);

/** Samples that nothing in their form tells from a credential, as their vendors publish them. */
const PUBLISHED: readonly string[] = [
  // The storage emulator's only account.
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  'AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe',
];

/** What people write where a credential belongs. Short words need a border, since chance makes them too. */
const WORDS =
  /example|sample|placeholder|redacted|change[-_]?me|(?:^|[-_.])(?:your|my|fake|dummy|test|todo|insert|replace)(?:[-_.]|$)/i;

/** The same character so often that nobody generated it. */
const REPEATED = /([A-Za-z0-9*.#])\1{9}/;

/** Alphabets and counts, such as `1234567890` and `abcdefghi`. */
const SEQUENCE = 9;

/** Characters at the front that belong to the format, as in `github_pat_`. */
const PREFIX = 8;

/**
 * Whether a finding is a documented sample, a placeholder, or of a kind that opens nothing: code and its documentation
 * are full of these. `type` and `value` are those of a pattern's match.
 */
export function isLowRisk(type: string, value: string): boolean {
  if (NO_CREDENTIALS.has(type)) return true;
  if (type === 'url-password') return isLocalOrPlaceholder(value);
  if (type === 'jwt') return isSampleToken(value);
  if (type === 'stripe-key' && /^[rs]k_test_/.test(value)) return true;
  // An account's number, which is in every URL of the API.
  if (type === 'twilio-key' && value.startsWith('AC')) return true;
  // Its match begins with the name of a variable.
  return looksWritten(type === 'aws-secret-key' ? value.slice(-40) : value);
}

function looksWritten(value: string): boolean {
  if (PUBLISHED.some((sample) => value.endsWith(sample))) return true;
  if (WORDS.test(value) || REPEATED.test(value) || holdsSequence(value, SEQUENCE)) return true;
  const rest = value.slice(PREFIX);
  return rest.length >= 12 && new Set(rest.toLowerCase()).size <= 4;
}

/** Claims as in the specification and on the pages that explain tokens. */
const SAMPLE_CLAIMS = /"1234567890"|\bJohn Doe\b|\bJane Doe\b|"iss":\s*"joe"|\bexample\.(?:com|org|net)\b/;

function isSampleToken(token: string): boolean {
  const payload = token.split('.')[1] ?? '';
  return SAMPLE_CLAIMS.test(Buffer.from(payload, 'base64url').toString('utf8'));
}

/** Hosts that only this computer, its containers or nobody has. A name without dots is a container's or a neighbor's. */
const LOCAL_HOST =
  /^(?:[\w-]+|127(?:\.\d{1,3}){3}|0\.0\.0\.0|[\w.-]+\.(?:localhost|local|test|example|invalid|internal)|(?:[\w.-]+\.)?example\.(?:com|org|net))$/i;

const PLACEHOLDER_PASSWORD =
  /pass(?:word|wd)|example|placeholder|change-?me|secret|^(?:pass|pwd|pw|root|admin|test|guest|user|dev|postgres|mysql|redis|rabbitmq|your.*|my.*|\d{1,6}|(.)\1*)$/i;

function isLocalOrPlaceholder(url: string): boolean {
  const [, user = '', password = '', host = ''] = /:\/\/([^:]*):([^@]*)@([\w.-]+)/.exec(url) ?? [];
  return LOCAL_HOST.test(host) || PLACEHOLDER_PASSWORD.test(password) || password === user;
}
