import { SYSTEM_TRUST } from './trust.ts';

/** Directory of the guest, in memory and root's alone, that holds what must not reach its disk. */
export const MEMORY_DIRECTORY = '/dev/shm/bot-bottle';

/** The agent's environment, sourced at each exec. */
export const ENVIRONMENT_FILE = `${MEMORY_DIRECTORY}/env`;

export interface GuestEnvironmentOptions {
  slug: string;
  user: string;
  home: string;
  /** URL of the bottle's egress as the guest sees it. */
  proxy: string;
  alias: string;
  promptFile: string;
  /** The manifest's variables: literals, and forwarded ones already read. */
  configured: Readonly<Record<string, string>>;
}

/**
 * The agent's environment. Proxy variables come in both cases, since programs differ in which they read; the
 * alias is in `NO_PROXY`, so that the bottle's other daemons are dialled directly.
 */
export function guestEnvironment(options: GuestEnvironmentOptions): Record<string, string> {
  const { slug, user, home, proxy, alias, promptFile, configured } = options;
  const noProxy = `${configured.NO_PROXY ?? 'localhost,127.0.0.1'},${alias}`;
  return {
    NODE_EXTRA_CA_CERTS: SYSTEM_TRUST,
    SSL_CERT_FILE: SYSTEM_TRUST,
    REQUESTS_CA_BUNDLE: SYSTEM_TRUST,
    ...configured,
    HOME: home,
    USER: user,
    BOT_BOTTLE_SLUG: slug,
    BOT_BOTTLE_PROMPT_FILE: promptFile,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
  };
}
