import { BottleError } from '../errors.ts';
import type { Dialect } from './dialect.ts';
import type { Answer, NoAnswer } from './exchange.ts';
import { isRateLimited, requestedWait } from './rate-limit.ts';

/** Characters of a forge's own words that an error repeats. */
const MAX_SAID = 300;

/** What errors name. */
export interface Subject {
  readonly dialect: Dialect;
  readonly apiUrl: string;
  readonly repository: string;
  /** The host variable with the token. */
  readonly variable: string;
  /** Taken out of everything that the forge says. */
  readonly token: string;
}

/** Explains a response that is not what was asked for. */
export function explainAnswer(answer: Answer, subject: Subject): BottleError {
  const { status, headers } = answer;
  const { dialect, repository, variable, apiUrl } = subject;
  const at = place(subject);
  const said = [status, saidBy(answer, subject)].filter(Boolean).join(' ');
  const needs = `The token needs ${dialect.tokenNeeds}.`;
  if (isRateLimited(answer)) {
    const wait = requestedWait(headers);
    const until = wait === undefined ? '' : ` until ${new Date(Date.now() + wait).toISOString()}`;
    const hint = wait === undefined ? 'Try again later.' : 'Try again then.';
    return failed(`${at} allows no more requests${until} (${said})`, hint);
  }
  if (status === 401) {
    return failed(`${at} refuses the token in ${variable} (${said})`, `Export a valid one. ${needs}`);
  }
  if (status === 403) {
    const message = `${at} does not let the token in ${variable} manage the deploy keys of ${repository} (${said})`;
    return failed(message, needs);
  }
  if (status === 404) {
    return failed(
      `${at} has no repository ${repository}, or hides it from the token in ${variable} (${said})`,
      `Correct \`url\` or \`key.api_url\`, or give the token access. ${needs}`,
    );
  }
  if (status === 400 || status === 422) {
    return failed(`${at} refuses a deploy key for ${repository} (${said})`, refusalHint(said, subject));
  }
  if (status >= 300 && status < 400) {
    const target = quoted(headers('location') ?? 'nowhere', subject);
    return failed(
      `${at} redirects to ${target}, where the token in ${variable} is not sent`,
      'If the repository has moved, correct its `url`; otherwise correct `key.api_url`.',
    );
  }
  if (status >= 500) return failed(`${at} fails (${said})`, 'Try again later.');
  return failed(
    `${at} does not answer as ${dialect.name} does (${said})`,
    `Correct \`key.api_url\`; now it is ${apiUrl}.`,
  );
}

export function explainNoAnswer({ reason, isCertificate }: NoAnswer, subject: Subject): BottleError {
  return failed(
    `${place(subject)} cannot be reached: ${quoted(reason, subject)}`,
    isCertificate
      ? 'Add the CA of the forge to the PEM file that NODE_EXTRA_CA_CERTS names.'
      : 'Check the network, HTTPS_PROXY and `key.api_url`.',
  );
}

function refusalHint(said: string, { dialect, apiUrl, repository }: Subject): string {
  if (/disabled|not allowed/i.test(said)) {
    return 'Enable SSH and deploy keys at the forge, or use an HTTPS upstream with `key: {provider: token, …}`.';
  }
  if (/already|taken|same name/i.test(said)) {
    return `Remove the key from ${dialect.settingsPage(apiUrl, repository)}, then try again.`;
  }
  return 'Correct what the forge names, then try again.';
}

/** Such as `GitHub at api.github.com`. */
function place({ dialect, apiUrl }: Subject): string {
  return `${dialect.name} at ${new URL(apiUrl).host}`;
}

/** GitLab repeats the status. */
function saidBy({ status, body }: Answer, subject: Subject): string {
  return quoted(subject.dialect.complaint(body), subject).replace(new RegExp(`^${status} `), '');
}

/** Prepares another program's words for an error: one line, not long, without the token. */
function quoted(text: string, { token }: Subject): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(token, '[token]').slice(0, MAX_SAID);
}

function failed(message: string, hint: string): BottleError {
  return new BottleError('forge-failed', message, { hint });
}
