import { z } from 'zod';
import type { GitRepo } from '../types.ts';
import { fail } from './rule.ts';

const EXAMPLE = 'Write `ssh://git@host:port/path.git` or `https://host/path.git`.';
const PLACE =
  /(?<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:(?<port>[0-9]{1,5}))?(?<path>\/[A-Za-z0-9._~/+@:,=%-]+)$/;
/** User and host cannot start with a hyphen, so neither can pass for an ssh option. */
const SSH_URL = new RegExp(`^ssh://(?<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@${PLACE.source}`);
const HTTPS_URL = new RegExp(`^https://${PLACE.source}`);

export interface ParsedGitUrl {
  readonly url: string;
  readonly upstream: GitRepo['upstream'];
}

/** URL of an upstream. */
export const gitUrl = z
  .string()
  .transform((url, context): ParsedGitUrl => {
    const problem = whatIsWrong(url);
    if (problem !== undefined) {
      fail(context, problem, EXAMPLE);
      return z.NEVER;
    }
    const scheme = url.startsWith('https:') ? 'https' : 'ssh';
    const { user = '', host = '', port, path = '' } = parts(url) ?? {};
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    const standard = scheme === 'https' ? 443 : 22;
    return {
      url,
      upstream: { scheme, user, host: bare.toLowerCase(), port: Number(port ?? standard), path },
    };
  })
  .meta({
    description: 'The upstream: `ssh://user@host:port/path.git` or `https://host:port/path.git`.',
    pattern: '^(ssh|https)://',
  });

const parts = (url: string) => (SSH_URL.exec(url) ?? HTTPS_URL.exec(url))?.groups;

function whatIsWrong(url: string): string | undefined {
  const scheme = /^(?<scheme>ssh|https):\/\//.exec(url)?.groups?.scheme;
  if (scheme === undefined) return 'is neither an SSH nor an HTTPS URL';
  if (/^[a-z]+:\/\/[^@/]*:[^@/]*@/.test(url)) return 'contains a password';
  if (scheme === 'https' && /^https:\/\/[^@/]*@/.test(url)) return 'contains a user name or a token';
  if (scheme === 'ssh' && !/^ssh:\/\/[^@/]+@/.test(url)) return 'has no user';
  const found = parts(url);
  if (found === undefined) return `is not a complete ${scheme === 'ssh' ? 'SSH' : 'HTTPS'} URL`;
  const port = Number(found.port ?? 1);
  return port >= 1 && port <= 65_535 ? undefined : 'has an invalid port';
}
