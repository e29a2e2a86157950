import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { capabilityFault } from '../../contract/supervise/capability-lines.ts';
import { capabilityRequest } from '../../contract/supervise/request.ts';
import { failure } from '../answer.ts';
import type { Desk } from '../desk.ts';

const { dockerfile, reason } = capabilityRequest.shape;

const input = z.strictObject({
  dockerfile: dockerfile.describe(
    'RUN and ENV instructions to add to the Dockerfile of your image, run as root, such as RUN apt-get update && apt-get install -y jq.',
  ),
  reason: reason.describe('For the person: what you need it for, in one or two sentences.'),
});

const DESCRIPTION = [
  'Ask the person for a change of your image: a program, a library or a setting that you cannot install yourself.',
  'It takes effect with the next launch, never in this session, so go on without it if you can.',
  'The call waits for the decision for up to four minutes, then answers `pending` with an id for `check`.',
].join(' ');

/** Proposes a change of the agent's image. */
export function registerCapability(server: McpServer, desk: Desk): void {
  server.registerTool(
    'capability',
    { description: DESCRIPTION, inputSchema: input },
    async (asked, context) => {
      const fault = capabilityFault(asked.dockerfile);
      if (fault !== undefined) return failure(`These lines cannot be added: ${fault}.`);
      return desk.submit({ kind: 'capability', ...asked }, context);
    },
  );
}
