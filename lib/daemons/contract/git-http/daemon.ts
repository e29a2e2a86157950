import { COMPILE_CACHE_ENV, type DaemonDefinition } from '../daemon.ts';

/** Git over HTTP for the guest: fetches and pushes of git-gate's mirrors. It knows no key and no secret. */
export const gitHttp: DaemonDefinition = {
  port: 9420,
  mayRead: (variable) => variable === COMPILE_CACHE_ENV,
};
