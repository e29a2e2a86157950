import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { allowRequest, grantSeconds, grantUses } from '../../contract/supervise/request.ts';
import { failure } from '../answer.ts';
import type { Desk } from '../desk.ts';

const { host, port, methods, pathPrefix, reason } = allowRequest.shape;

const input = z.strictObject({
  host: host.describe('Exact DNS name in lower case, such as pypi.org: no scheme, port, path or wildcard.'),
  port: port.describe('TCP port. Leave it out for 443 (https) and 80 (http).'),
  methods: methods.describe(
    'HTTP methods that you need, such as ["GET"]. Leave it out only if you need all.',
  ),
  pathPrefix: pathPrefix.describe(
    'What you need is below this path, such as /simple/. Leave it out only if you need all.',
  ),
  reason: reason.describe('For the person: what you need it for, in one or two sentences.'),
  seconds: grantSeconds.optional().describe('For how long you need it.'),
  uses: grantUses.optional().describe('For how many requests you need it, instead of `seconds`.'),
});

const DESCRIPTION = [
  'Ask the person to let requests out to a host that this sandbox refuses.',
  'Call it when a request that your task needs was refused with 403; `explain-denial` tells what exactly is missing.',
  'Ask for as little as you need (one host, the methods, the path, a short time or few uses): it is approved sooner.',
  'The call waits for the decision for up to four minutes, then answers `pending` with an id for `check`.',
  'The person may approve it, approve something narrower (`modified`), or reject it with a reason.',
].join(' ');

/** Proposes a route. */
export function registerAllow(server: McpServer, desk: Desk): void {
  server.registerTool(
    'allow',
    { description: DESCRIPTION, inputSchema: input },
    async ({ seconds, uses, ...asked }, context) => {
      if (seconds !== undefined && uses !== undefined) return failure('Give `seconds` or `uses`, not both.');
      const limit = seconds === undefined ? uses && { uses } : { seconds };
      return desk.submit({ kind: 'allow', ...asked, ...(limit ? { limit } : {}) }, context);
    },
  );
}
