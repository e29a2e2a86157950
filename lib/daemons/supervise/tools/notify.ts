import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { notifyRequest } from '../../contract/supervise/request.ts';
import { answer } from '../answer.ts';
import type { Desk } from '../desk.ts';

const input = z.strictObject({ message: notifyRequest.shape.message.describe('Plain text, short.') });

const DESCRIPTION = [
  'Tell the person something without waiting for an answer, such as that a long task is done or what blocks you.',
  'Few and short: the person is interrupted by each.',
].join(' ');

/** Leaves a message for the person. */
export function registerNotify(server: McpServer, desk: Desk): void {
  server.registerTool('notify', { description: DESCRIPTION, inputSchema: input }, async ({ message }) => {
    const proposed = await desk.propose({ kind: 'notify', message });
    if ('content' in proposed) return proposed;
    const isWatched = await desk.options.proposals.isWatched();
    return answer({ status: 'left', id: proposed.id, watched: isWatched });
  });
}
