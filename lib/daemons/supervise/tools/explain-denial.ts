import type { CallToolResult, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { WhyReply } from '../../contract/egress/introspection.ts';
import { answer, failure } from '../answer.ts';
import type { Desk } from '../desk.ts';
import { recentDenials } from '../recent-denials.ts';
import { lastRefusedPush } from '../refused-push.ts';

const MOST = 10;

const input = z.strictObject({
  url: z
    .string()
    .max(2048)
    .regex(/^https?:\/\/[^/?#]/i, 'a URL such as https://example.com/path')
    .optional()
    .describe('The URL that was or would be asked for. Leave it out to list what was refused lately.'),
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/, 'a method in upper case')
    .optional()
    .describe('The HTTP method; GET when left out.'),
});

const DESCRIPTION = [
  'Tell why a request was or would be refused, as the policy stands now, and what was refused lately.',
  'Without a URL it also names the last refused `git push`, with what was found in it, and the id of a finding for `git-allow`.',
].join(' ');

/** Explains decisions of egress. */
export function registerExplainDenial(server: McpServer, desk: Desk): void {
  const annotations = { readOnlyHint: true };
  server.registerTool(
    'explain-denial',
    { description: DESCRIPTION, inputSchema: input, annotations },
    async ({ url, method = 'GET' }) => {
      if (url === undefined) return await recent(desk);
      return await explain(desk, url, method);
    },
  );
}

async function recent({ options: { audit } }: Desk): Promise<CallToolResult> {
  const push = await lastRefusedPush(audit);
  return answer({
    recent: await recentDenials(audit, undefined, MOST),
    ...(push === undefined ? {} : { push }),
  });
}

async function explain(
  { options: { egress, audit } }: Desk,
  url: string,
  method: string,
): Promise<CallToolResult> {
  let reply: WhyReply;
  try {
    reply = await egress.why(url, method);
  } catch {
    return failure('The proxy of this sandbox does not answer, so nothing is known now. Try again later.');
  }
  const host = URL.parse(url)?.hostname;
  const recent = await recentDenials(audit, host, MOST);
  return answer({ ...reply, ...(reply.allowed ? {} : { next: nextStep(reply.code) }), recent });
}

const CAN_BE_OPENED: ReadonlySet<string> = new Set([
  'host-unlisted',
  'request-unmatched',
  'grant-expired',
  'grant-used-up',
]);

function nextStep(code: string): string {
  return CAN_BE_OPENED.has(code)
    ? 'If your task needs it, ask for it with `allow`.'
    : 'No route can open this: change the request as `ask` says.';
}
