import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { answer, failure } from '../answer.ts';
import type { Desk } from '../desk.ts';

const DESCRIPTION = [
  'List the routes that are in force now: the hosts, methods and paths that this sandbox lets out.',
  'Everything that no route names is refused. Credentials are added on the way; you see only the names of their slots.',
].join(' ');

/** Shows the policy in force. */
export function registerListEgressRoutes(server: McpServer, desk: Desk): void {
  const annotations = { readOnlyHint: true };
  server.registerTool(
    'list-egress-routes',
    { description: DESCRIPTION, inputSchema: z.strictObject({}), annotations },
    async () => {
      try {
        return answer(await desk.options.egress.allowlist());
      } catch {
        return failure(
          'The proxy of this sandbox does not answer, so its routes are unknown now. Try again later.',
        );
      }
    },
  );
}
