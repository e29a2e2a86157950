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

/** How a route's credential is sent, for people: `Bearer`, or `x-api-key`, or `x-auth Basic`. */
export function credentialText({ header, scheme }: { header?: string | undefined; scheme: string }): string {
  if (header === undefined) return scheme === 'none' ? 'Authorization' : scheme;
  return scheme === 'none' ? header : `${header} ${scheme}`;
}
