import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { proposalId } from '../../contract/supervise/proposal-id.ts';
import { failure } from '../answer.ts';
import type { Desk } from '../desk.ts';

const input = z.strictObject({
  id: proposalId.describe('The id of the `pending` answer, such as p-0r3k7m.'),
});

const DESCRIPTION = [
  'Take up a proposal that was answered with `pending`, or whose call was cut off.',
  'It waits for the decision like the call that made the proposal, for up to four minutes.',
].join(' ');

/** Waits for the decision about an earlier proposal. */
export function registerCheck(server: McpServer, desk: Desk): void {
  const annotations = { readOnlyHint: true };
  server.registerTool(
    'check',
    { description: DESCRIPTION, inputSchema: input, annotations },
    async ({ id }, context) => {
      const proposal = desk.options.proposals.find(id);
      if (proposal === undefined) return failure(`There is no proposal ${id}, or it was forgotten since.`);
      return desk.await(proposal, context);
    },
  );
}
