import type { Plan } from './schema.ts';

/** Describes the agent's credential, by names only. */
export function providerCredentialText({
  title,
  variable,
  hosts,
}: NonNullable<Plan['provider']['credential']>): string {
  const from = variable === undefined ? '' : `, from ${variable}`;
  return `${title}${from}; sent to ${hosts.join(', ')} only`;
}

/** How a route's credential is sent. */
interface Credential {
  readonly header?: string | undefined;
  /** Absent only with `query`. */
  readonly scheme?: string | undefined;
  readonly query?: string | undefined;
}

/** How a route's credential is sent, for people: `Bearer`, `x-api-key`, `x-auth Basic`, or `?key`. */
export function credentialText({ header, scheme = 'none', query }: Credential): string {
  if (query !== undefined) return `?${query}`;
  if (header === undefined) return scheme === 'none' ? 'Authorization' : scheme;
  return scheme === 'none' ? header : `${header} ${scheme}`;
}
