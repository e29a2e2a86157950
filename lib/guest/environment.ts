import { SYSTEM_TRUST } from './trust.ts';

/** Guest directory in memory, accessible only to root, for what must not reach the disk. */
export const MEMORY_DIRECTORY = '/dev/shm/bot-bottle';

/** File with the agent's environment, sourced by each exec. */
export const ENVIRONMENT_FILE = `${MEMORY_DIRECTORY}/env`;

export interface GuestEnvironmentOptions {
  slug: string;
  user: string;
  home: string;
  /** URL of the bottle's egress as the guest sees it. */
  proxy: string;
  alias: string;
  promptFile: string;
  /** The image's ENV. */
  image: Readonly<Record<string, string>>;
  /** The manifest's variables: literals, and forwarded ones with their values. */
  configured: Readonly<Record<string, string>>;
}

/** The PATH of an image that sets none, as container engines have it. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Returns the agent's environment: the image's, which the manifest's overrides, which the kit's own overrides. Proxy variables are set in both cases, since programs differ in which they
 * read. `NO_PROXY` contains the alias, so that connections to the bottle's other daemons are direct.
 */
export function guestEnvironment(options: GuestEnvironmentOptions): Record<string, string> {
  const { slug, user, home, proxy, alias, promptFile, image, configured } = options;
  const noProxy = `${configured.NO_PROXY ?? 'localhost,127.0.0.1,::1'},${alias}`;
  const path = image.PATH ?? USUAL_PATH;
  return {
    ...image,
    NODE_EXTRA_CA_CERTS: SYSTEM_TRUST,
    SSL_CERT_FILE: SYSTEM_TRUST,
    REQUESTS_CA_BUNDLE: SYSTEM_TRUST,
    ...configured,
    PATH: configured.PATH === undefined ? path : extended(configured.PATH, path),
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

/** Replaces `$PATH` as an entry of the manifest's PATH, such as `/opt/x:$PATH`, by the image's. */
function extended(configured: string, path: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
  const references = ['$PATH', '${PATH}'];
  return configured
    .split(':')
    .map((entry) => (references.includes(entry) ? path : entry))
    .join(':');
}
