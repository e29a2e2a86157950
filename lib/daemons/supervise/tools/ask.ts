import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { askRequest } from '../../contract/supervise/request.ts';
import type { Desk } from '../desk.ts';

const { question, choices } = askRequest.shape;

const input = z.strictObject({
  question: question.describe('The question, with all that is needed to answer it.'),
  choices: choices.describe('2 to 10 answers to choose from. Leave it out to be answered in free text.'),
});

const DESCRIPTION = [
  'Ask the person a question that you cannot answer yourself and that decides how you go on.',
  'The call waits for the answer for up to four minutes, then answers `pending` with an id for `check`.',
  'Use `notify` for what needs no answer.',
].join(' ');

/** Puts a question to the person. */
export function registerAsk(server: McpServer, desk: Desk): void {
  server.registerTool('ask', { description: DESCRIPTION, inputSchema: input }, (asked, context) =>
    desk.submit({ kind: 'ask', ...asked }, context),
  );
}
