import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { gitAllowRequest } from '../../contract/supervise/request.ts';
import type { Desk } from '../desk.ts';

const { finding, reason } = gitAllowRequest.shape;

const input = z.strictObject({
  finding: finding.describe('The id of the finding, as the refusal of the push names it.'),
  reason: reason.describe('For the person: why this is no secret, or may be pushed although it is one.'),
});

const DESCRIPTION = [
  'Ask the person to let one finding of a refused `git push` pass.',
  'Only for what is no real secret, such as an example key in a test. If it is one, remove it from the commits instead.',
  'The call waits for the decision for up to four minutes, then answers `pending` with an id for `check`.',
  'Push again once it is approved.',
].join(' ');

/** Proposes that a finding of git-gate may pass. */
export function registerGitAllow(server: McpServer, desk: Desk): void {
  server.registerTool('git-allow', { description: DESCRIPTION, inputSchema: input }, (asked, context) =>
    desk.submit({ kind: 'git-allow', ...asked }, context),
  );
}
