import { COMPILE_CACHE_ENV, type DaemonDefinition } from '../daemon.ts';
import { SLUG_ENV } from '../names.ts';
import { GIT_TOKEN_SLOT } from './repos.ts';

/**
 * Keeps the mirrors of a bottle's repositories, and alone holds the way upstream. On its port it tells that it is
 * ready, on 127.0.0.1, and nothing else: git comes through git-http.
 */
export const gitGate: DaemonDefinition = {
  port: 9418,
  // The values of egress's slots are secrets that no push may carry; its own are for its upstreams, which are verified
  // by the extra roots too.
  mayRead: (variable) =>
    variable === SLUG_ENV ||
    variable === COMPILE_CACHE_ENV ||
    variable === 'NODE_EXTRA_CA_CERTS' ||
    /^EGRESS_TOKEN_[0-9]+$/.test(variable) ||
    GIT_TOKEN_SLOT.test(variable),
  workers: ['pre-receive', 'proc-receive'],
};
