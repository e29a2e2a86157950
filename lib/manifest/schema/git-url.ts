import { z } from 'zod';
import type { GitRepo } from '../types.ts';
import { fail } from './rule.ts';

const EXAMPLE = 'Write `ssh://git@host:port/path.git`.';
/** User and host cannot start with a hyphen, so neither can pass for an ssh option. */
const SSH_URL =
  /^ssh:\/\/(?<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@(?<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:(?<port>[0-9]{1,5}))?(?<path>\/[A-Za-z0-9._~/+@:,=%-]+)$/;

export interface ParsedGitUrl {
  readonly url: string;
  readonly upstream: GitRepo['upstream'];
}

/** URL of an upstream. SSH only: over HTTPS, the gate would hold a token that egress manages. */
export const gitUrl = z
  .string()
  .transform((url, context): ParsedGitUrl => {
    const problem = whatIsWrong(url);
    if (problem !== undefined) {
      fail(context, problem, EXAMPLE);
      return z.NEVER;
    }
    const { user = '', host = '', port, path = '' } = SSH_URL.exec(url)?.groups ?? {};
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    return { url, upstream: { user, host: bare.toLowerCase(), port: Number(port ?? 22), path } };
  })
  .meta({ description: 'The upstream, SSH only: `ssh://user@host:port/path.git`.', pattern: '^ssh://' });

function whatIsWrong(url: string): string | undefined {
  if (!url.startsWith('ssh://')) return 'is not an SSH URL';
  if (/^ssh:\/\/[^@/]*:[^@]*@/.test(url)) return 'contains a password';
  if (!/^ssh:\/\/[^@/]+@/.test(url)) return 'has no user';
  const match = SSH_URL.exec(url);
  if (match === null) return 'is not a complete SSH URL';
  const port = Number(match.groups?.port ?? 22);
  return port >= 1 && port <= 65_535 ? undefined : 'has an invalid port';
}
