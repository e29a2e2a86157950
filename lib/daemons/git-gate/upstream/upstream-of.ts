import { join } from 'node:path';
import { type GateRepo, GIT_CONFIG_FILES } from '../../contract/git-gate/repos.ts';
import { httpsAdvice, httpsEnvironment } from './https.ts';
import type { Roots } from './roots.ts';
import { sshEnvironment } from './ssh.ts';
import { tokenMask } from './token-mask.ts';
import { TIMES, type Upstream, type UpstreamTimes } from './upstream.ts';

export interface UpstreamOptions {
  /** Directory with the keys and the known hosts. */
  readonly config: string;
  /** Program in the place of `ssh`. */
  readonly ssh?: string | undefined;
  readonly roots: Roots;
  /** The variables with the tokens. */
  readonly environment: NodeJS.ProcessEnv;
  readonly times?: Partial<UpstreamTimes> | undefined;
}

/** The way to a repository's upstream. @throws Error for a token that is missing, or that cannot be sent */
export function upstreamOf({ name, url, key }: GateRepo, options: UpstreamOptions): Upstream {
  const times = { ...TIMES, ...options.times };
  if (key.kind === 'file') {
    const files = {
      key: join(options.config, GIT_CONFIG_FILES.keys, name),
      knownHosts: join(options.config, GIT_CONFIG_FILES.knownHosts),
    };
    const environment = sshEnvironment({ ...files, program: options.ssh });
    return { name, url, times, environment, mask: (text) => text, advice: () => undefined };
  }
  const token = options.environment[key.slot] ?? '';
  // Git's protocol for credentials ends a value at its line.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Error(`${name}: ${key.slot} holds no token: it must be printable ASCII without spaces`);
  }
  const access = { url, username: key.username, token, roots: options.roots };
  return {
    ...{ name, url, times },
    environment: httpsEnvironment({ ...access, idleSeconds: times.idleSeconds }),
    mask: tokenMask(key.username, token),
    advice: (said) => httpsAdvice(name, said),
  };
}
