/** How a route's credential is sent, for people: `Bearer`, or `x-api-key`, or `x-auth Basic`. */
export function credentialText({ header, scheme }: { header?: string | undefined; scheme: string }): string {
  if (header === undefined) return scheme === 'none' ? 'Authorization' : scheme;
  return scheme === 'none' ? header : `${header} ${scheme}`;
}
