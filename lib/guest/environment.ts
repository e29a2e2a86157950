import {
  CATCH_ALL_VARIABLES,
  GIT_GATE_VARIABLE,
  NO_PROXY_VARIABLES,
  PROXY_VARIABLES,
  SUPERVISE_VARIABLE,
  type USER_VARIABLES,
} from '../manifest/owned-variables.ts';
import { javaToolOptions } from './java.ts';
import { SYSTEM_TRUST } from './trust.ts';

/** Guest directory in memory, accessible only to root, for what must not reach the disk. */
export const MEMORY_DIRECTORY = '/dev/shm/bot-bottle';

/** File with the agent's environment, which each session reads. */
export const ENVIRONMENT_FILE = `${MEMORY_DIRECTORY}/env`;

export interface GuestEnvironmentOptions {
  slug: string;
  user: string;
  home: string;
  /** URL of the bottle's egress as the guest sees it. */
  proxy: string;
  /** URL of the bottle's git gate as the guest sees it, if it has repositories. */
  gitGate?: string | undefined;
  /** URL of the bottle's supervise daemon as the guest sees it, if it is supervised. */
  supervise?: string | undefined;
  alias: string;
  promptFile: string;
  /** TZ, LANG and LC_ALL of the host, as far as the guest has them. */
  locale: Readonly<Record<string, string>>;
  /** The image's ENV. */
  image: Readonly<Record<string, string>>;
  /** Variables of the image that the agent must not have. */
  withheld: readonly string[];
  /** The manifest's variables: literals, and forwarded ones with their values. */
  configured: Readonly<Record<string, string>>;
}

/** The PATH of an image that sets none, as container engines have it. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Variables by which programs find the CA bundle. Most also look in the system's place, but not all. */
const TRUST_VARIABLES = [
  'AWS_CA_BUNDLE',
  'CARGO_HTTP_CAINFO',
  'CURL_CA_BUNDLE',
  'DENO_CERT',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'SSL_CERT_FILE',
];

/**
 * Returns the agent's environment, the later the stronger: the host's locale, the image's ENV, what makes programs trust the
 * bottle's CA, the manifest's variables, and those that the kit owns (see `owned-variables.ts`).
 */
export function guestEnvironment(options: GuestEnvironmentOptions): Record<string, string> {
  const { slug, user, home, proxy, configured } = options;
  const image = without(options.image, [...options.withheld, ...CATCH_ALL_VARIABLES]);
  const path = image.PATH ?? USUAL_PATH;
  const noProxy = [...new Set(['localhost', '127.0.0.1', '::1', options.alias])].join(',');
  const identity: Record<(typeof USER_VARIABLES)[number], string> = { HOME: home, USER: user };
  return {
    ...localeOf(options.locale, { ...image, ...configured }),
    ...image,
    ...allAs(TRUST_VARIABLES, SYSTEM_TRUST),
    // Node's own `fetch` and `https` ignore the proxy otherwise.
    NODE_USE_ENV_PROXY: '1',
    // What the gate refuses, no password would open: git fails instead of asking for one.
    ...(options.gitGate === undefined ? {} : { GIT_TERMINAL_PROMPT: '0' }),
    ...configured,
    JAVA_TOOL_OPTIONS: javaToolOptions(proxy, configured.JAVA_TOOL_OPTIONS ?? image.JAVA_TOOL_OPTIONS),
    PATH: configured.PATH === undefined ? path : extended(configured.PATH, path),
    ...identity,
    BOT_BOTTLE_SLUG: slug,
    BOT_BOTTLE_PROMPT_FILE: options.promptFile,
    ...(options.gitGate === undefined ? {} : { [GIT_GATE_VARIABLE]: options.gitGate }),
    ...(options.supervise === undefined ? {} : { [SUPERVISE_VARIABLE]: options.supervise }),
    ...allAs(PROXY_VARIABLES, proxy),
    // The alias, so that connections to the bottle's other daemons are direct.
    ...allAs(NO_PROXY_VARIABLES, noProxy),
  };
}

/** Leaves LC_ALL of the host out where LANG is chosen, which it would override. */
function localeOf(host: Readonly<Record<string, string>>, chosen: Readonly<Record<string, string>>) {
  const isChosen = ['LANG', 'LC_ALL'].some((name) => chosen[name] !== undefined);
  return isChosen ? without(host, ['LANG', 'LC_ALL']) : host;
}

function allAs(names: readonly string[], value: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

function without(variables: Readonly<Record<string, string>>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}

/** Replaces `$PATH` as an entry of the manifest's PATH, such as `/opt/x:$PATH`, by the image's. */
function extended(configured: string, path: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
  const references = ['$PATH', '${PATH}'];
  return configured
    .split(':')
    .map((entry) => (references.includes(entry) ? path : entry))
    .join(':');
}
