import { DIGITS, LOWER, UPPER } from '../text/runs.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { type Run, runOf, runsIn } from '../text/word-runs.ts';
import { entropyOf, isBase58Check, isBech32, isIban, isLuhnValid } from './checksums.ts';
import { holdsSequence } from './sequences.ts';
import { passwordsInUrls } from './url-passwords.ts';
import { webTokensIn } from './web-tokens.ts';

export interface TokenPattern {
  /** Type of secret, as denials and logs name it. */
  readonly type: string;
  /**
   * The expression only runs on texts that contain one of these (at least three characters each). If absent,
   * it always runs.
   */
  readonly literals?: readonly string[];
  /** The expression only runs on texts that contain such a run. Every match contains one. */
  readonly run?: Run;
  /** A run that includes runs of several types: if the text has none, none of them is looked for. */
  readonly within?: Run;
  /**
   * Global, or a function that returns all matches. To keep time linear, each repetition is bounded to a few
   * dozen or consumes only what cannot start another match.
   */
  readonly expression: RegExp | ((text: TextBytes) => readonly string[]);
  readonly isReal?: (match: string) => boolean;
  /** Only applies to text that an encoding hid: too common elsewhere. */
  readonly onlyHidden?: boolean;
}

const WORD = `${DIGITS}${LOWER}${UPPER}_-`;
const AWS_SECRET = runOf(`${DIGITS}${LOWER}${UPPER}/+`, 40);
const LONG_WORD = runOf(`${DIGITS}${LOWER}${UPPER}`, 26);
const SOCIAL_SECURITY = runOf(`${DIGITS}-`, 11);
const NUMBER = runOf(`${DIGITS}${UPPER} -`, 15);
const CARD = runOf(`${DIGITS} -`, 15);
const IBAN = runOf(`${DIGITS}${UPPER} `, 15);

/** Formats of credentials and financial data that are recognizable by their form alone. */
export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  {
    type: 'aws-access-key',
    literals: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    expression: accessKeysIn,
  },
  {
    type: 'aws-secret-key',
    literals: ['ecret', 'ECRET', 'aws', 'Aws', 'AWS'],
    run: AWS_SECRET,
    expression:
      /(?:secret|aws)[\w .-]{0,24}["']?\s{0,4}[:=,]\s{0,4}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
  },
  {
    type: 'aws-secret-key',
    run: AWS_SECRET,
    expression: endsOfRandomRuns,
    isReal: looksRandom,
    onlyHidden: true,
  },
  {
    type: 'github-token',
    literals: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    expression: /gh[pousr]_[A-Za-z0-9]{30,255}/g,
  },
  { type: 'github-token', literals: ['github_pat_'], expression: /github_pat_[A-Za-z0-9_]{22,255}/g },
  {
    type: 'gitlab-token',
    literals: ['glpat-', 'gldt-', 'glrt-', 'glptt-'],
    expression: /gl(?:pat|dt|rt|ptt)-[\w-]{20,255}/g,
  },
  { type: 'anthropic-key', literals: ['sk-ant-'], expression: /sk-ant-[\w-]{20,255}/g },
  {
    type: 'openai-key',
    literals: ['sk-'],
    run: runOf(WORD, 28),
    expression: /(?<![A-Za-z0-9])sk-(?:proj-|svcacct-|admin-)[\w-]{20,255}/g,
  },
  {
    type: 'openai-key',
    literals: ['sk-'],
    run: runOf(WORD, 35),
    expression: /(?<![A-Za-z0-9])sk-[A-Za-z0-9]{32,255}/g,
  },
  {
    type: 'stripe-key',
    literals: ['k_live_', 'k_test_'],
    expression: /[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}/g,
  },
  { type: 'slack-token', literals: ['xox', 'xapp-'], expression: /(?:xox[abeoprs]|xapp)-[\w-]{10,255}/g },
  {
    type: 'slack-webhook',
    literals: ['hooks.slack.com'],
    expression: /hooks\.slack\.com\/services\/T\w{6,}\/B\w{6,}\/\w{16,}/g,
  },
  { type: 'sendgrid-key', literals: ['SG.'], expression: /SG\.[\w-]{16,64}\.[\w-]{16,128}/g },
  {
    type: 'google-key',
    literals: ['AIza'],
    // Needs a border on at least one side: one in forty megabytes of base64 contains it by chance.
    expression: /(?<![\w-])AIza[\w-]{35}|AIza[\w-]{35}(?![\w-])/g,
  },
  { type: 'google-oauth', literals: ['ya29.', 'GOCSPX-'], expression: /(?:ya29\.|GOCSPX-)[\w-]{20,255}/g },
  { type: 'npm-token', literals: ['npm_'], expression: /npm_[A-Za-z0-9]{36}/g },
  { type: 'pypi-token', literals: ['pypi-AgE'], expression: /pypi-AgE[\w-]{50,255}/g },
  { type: 'huggingface-token', literals: ['hf_'], expression: /(?<!\w)hf_[A-Za-z0-9]{30,64}/g },
  {
    type: 'digitalocean-token',
    literals: ['doo_v1_', 'dop_v1_', 'dor_v1_', 'dot_v1_'],
    expression: /do[oprt]_v1_[a-f0-9]{64}/g,
  },
  { type: 'shopify-token', literals: ['shp'], expression: /shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/g },
  { type: 'telegram-token', literals: [':AA'], expression: /(?<!\d)\d{8,10}:AA[\w-]{32,34}(?![\w-])/g },
  { type: 'twilio-key', run: LONG_WORD, expression: wholeWords([34, 34], /^(?:SK|AC)[0-9a-f]{32}$/) },
  { type: 'mailgun-key', literals: ['key-'], expression: /(?<![\w-])key-[0-9a-f]{32}(?!\w)/g },
  {
    type: 'azure-storage-key',
    literals: ['AccountKey='],
    expression: /AccountKey=[A-Za-z0-9+/]{80,88}={0,2}/g,
  },
  { type: 'vault-token', literals: ['hvs.', 'hvb.'], expression: /(?<!\w)hv[sb]\.[\w-]{24,255}/g },
  { type: 'age-key', literals: ['AGE-SECRET-KEY-1'], expression: /AGE-SECRET-KEY-1[0-9A-Z]{58}/g },
  { type: 'jwt', literals: ['.eyJ'], expression: ({ text }) => webTokensIn(text) },
  {
    type: 'private-key',
    literals: ['PRIVATE KEY'],
    // Up to the end marker, if there is one: keys may have their own headers and be escaped for URLs.
    expression:
      /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----)){0,16384}-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\:,%]{0,16384})/g,
    isReal: holdsKeyMaterial,
  },
  { type: 'url-password', literals: ['://'], expression: ({ text }) => passwordsInUrls(text) },
  {
    type: 'payment-card',
    run: CARD,
    within: NUMBER,
    expression:
      /(?<![\w.+-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d)([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?!\w|[.-]\d)/g,
    isReal: isLuhnValid,
  },
  {
    type: 'iban',
    run: IBAN,
    within: NUMBER,
    expression: /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)/g,
    isReal: isIban,
  },
  {
    type: 'us-social-security',
    run: SOCIAL_SECURITY,
    expression: /(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
  },
  {
    type: 'bitcoin-key',
    run: LONG_WORD,
    expression: wholeWords([51, 52], /^[5KL][1-9A-HJ-NP-Za-km-z]{50,51}$/),
    isReal: isBase58Check,
  },
  {
    type: 'bitcoin-address',
    run: LONG_WORD,
    expression: wholeWords([26, 35], /^[13][1-9A-HJ-NP-Za-km-z]{25,34}$/),
    isReal: isBase58Check,
  },
  {
    type: 'bitcoin-address',
    literals: ['bc1', 'tb1'],
    expression: /(?<![A-Za-z0-9])(?:bc|tb)1[02-9ac-hj-np-z]{11,87}(?![A-Za-z0-9])/g,
    isReal: isBech32,
  },
  { type: 'ethereum-address', run: LONG_WORD, expression: wholeWords([42, 42], /^0x[0-9a-fA-F]{40}$/) },
  {
    type: 'extended-private-key',
    literals: ['xprv', 'zprv', 'yprv'],
    expression: /(?<![A-Za-z0-9])[xyz]prv[1-9A-HJ-NP-Za-km-z]{100,112}/g,
  },
];

/** Finds alphanumeric words within the two `lengths` that match the expression as a whole. */
function wholeWords(lengths: readonly [number, number], expression: RegExp) {
  const [least, most] = lengths;
  return (text: TextBytes): readonly string[] =>
    longWordsOf(text).filter((word) => word.length >= least && word.length <= most && expression.test(word));
}

/** Cached because several patterns use it for the same text. */
const longWords = new WeakMap<TextBytes['words'], readonly string[]>();

function longWordsOf(text: TextBytes): readonly string[] {
  const known = longWords.get(text.words) ?? runsIn(text, LONG_WORD);
  longWords.set(text.words, known);
  return known;
}

/**
 * An AWS secret has 40 characters; up to four more may be glued to its front. Runs with padding or a `sha`
 * prefix are hashes, which fill lock files.
 */
function endsOfRandomRuns({ text }: TextBytes): readonly string[] {
  const runs = text.match(/(?:sha\d{3}-)?[A-Za-z0-9/+]{40,}=?/g) ?? [];
  return runs.filter((run) => !/^sha\d{3}-|=$/.test(run)).map((run) => run.slice(-44));
}

/** How base64 of a key in DER or of OpenSSH begins, also behind a line break that is escaped in a string or a URL. */
const KEY_START = /(?:^|[^A-Za-z0-9+/]|\\[nr]|%0[AaDd])(?:M[A-Z][A-Za-z0-9+/]{2}|b3Bl|Proc)/;

/** Whether more than a header follows: prose and code name the header alone. */
function holdsKeyMaterial(block: string): boolean {
  const body = block.replace(/^-----BEGIN [A-Z0-9 ]+-----/, '');
  return KEY_START.test(body) || /[A-Za-z0-9+/=]{16}/.test(body);
}

/** Characters of base64 around a match, on both sides, from which on it is a part of something longer. */
const MIN_AROUND = 48;

/** In the middle of a long base64 text, such as WebAssembly inside JavaScript, the letters are there by chance. */
function accessKeysIn({ text }: TextBytes): readonly string[] {
  const found: string[] = [];
  for (const { index, 0: key } of text.matchAll(/(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}/g)) {
    const before = /[A-Za-z0-9+/]{1,48}$/.exec(text.slice(Math.max(0, index - MIN_AROUND), index));
    const end = index + key.length;
    const after = /^[A-Za-z0-9+/]{1,48}/.exec(text.slice(end, end + MIN_AROUND));
    const around = (before?.[0].length ?? 0) + (after?.[0].length ?? 0);
    if (before === null || after === null || around < MIN_AROUND) found.push(key);
  }
  return found;
}

/** Whether this looks like base64, unlike any word or path. */
function looksRandom(text: string): boolean {
  return (
    /[A-Z]/.test(text) &&
    /[a-z]/.test(text) &&
    /[0-9]/.test(text) &&
    /[/+]/.test(text) &&
    entropyOf(text) >= 4.3 &&
    !holdsSequence(text, 8)
  );
}

/**
 * Opt-in: anything that looks random. The threshold is below random base64 of this length and above prose.
 */
export const ENTROPY_PATTERN: TokenPattern = {
  type: 'high-entropy',
  expression: /[A-Za-z0-9+/_=-]{32,4096}/g,
  isReal: (match) => entropyOf(match.slice(0, 256)) >= 4.6,
};
