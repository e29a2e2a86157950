import { COMPILE_CACHE_ENV, type DaemonDefinition } from '../daemon.ts';

/** The upstream inside the bundle with which a launch proves the way through egress. */
export const selftest: DaemonDefinition = {
  port: 9443,
  mayRead: (variable) => variable === COMPILE_CACHE_ENV,
};
