import type { Forge } from '../forge/forges.ts';

/** URL of a forge's API, without a slash at its end, for the host that serves its repositories. */
export function defaultApiUrl(forge: Forge, host: string): string {
  const base = `https://${host.includes(':') ? `[${host}]` : host}`;
  if (forge === 'gitlab') return `${base}/api/v4`;
  if (forge !== 'github') return `${base}/api/v1`;
  // GitHub Enterprise Server has it below its own host.
  return host === 'github.com' || host === 'ssh.github.com' ? 'https://api.github.com' : `${base}/api/v3`;
}
