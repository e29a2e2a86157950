import type { TokenAllowRequest } from '../../daemons/contract/supervise/request.ts';
import type { Grant } from '../../supervise/grants-file.ts';
import { marksOf } from '../supervise/proposal-text.ts';
import { routeText } from './route-text.ts';

/** What was granted, as a line for a person. */
export function grantText(grant: Grant): string {
  return 'route' in grant ? routeText(grant.route) : valuesText(grant.request, grant.expires_at);
}

/** Values that may go to a host, as a line for a person. */
export function valuesText(request: TokenAllowRequest, expires: string | undefined): string {
  const end = expires === undefined ? 'as long as the bundle runs' : `until ${expires}`;
  return `${request.host}  may be sent ${marksOf(request)}, ${end}`;
}
