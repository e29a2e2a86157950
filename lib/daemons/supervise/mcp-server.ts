import { McpServer } from '@modelcontextprotocol/server';
import type { Desk } from './desk.ts';
import { registerAllow } from './tools/allow.ts';
import { registerAsk } from './tools/ask.ts';
import { registerCapability } from './tools/capability.ts';
import { registerCheck } from './tools/check.ts';
import { registerExplainDenial } from './tools/explain-denial.ts';
import { registerGitAllow } from './tools/git-allow.ts';
import { registerListEgressRoutes } from './tools/list-egress-routes.ts';
import { registerNotify } from './tools/notify.ts';

const TOOLS = [
  registerListEgressRoutes,
  registerExplainDenial,
  registerAllow,
  registerGitAllow,
  registerCapability,
  registerAsk,
  registerNotify,
  registerCheck,
];

/** Members of a call's arguments; the largest request has far fewer. */
const MAX_ELEMENTS = 100;

const INSTRUCTIONS = [
  'You work in a sandbox: requests that its policy does not name are refused with 403.',
  'A person outside can open what you need. See `explain-denial` and `list-egress-routes` first, then ask with `allow`.',
  'A call that asks waits for the person. If it ends with `pending`, go on with other work and use `check` later.',
].join(' ');

/** Creates the MCP server of one request: the protocol has no sessions, and all state is the desk's. */
export function createMcpServer(desk: Desk): McpServer {
  const identity = { name: 'bot-bottle-supervise', version: '1.0.0' };
  const server = new McpServer(identity, { instructions: INSTRUCTIONS, maxToolInputElements: MAX_ELEMENTS });
  for (const register of TOOLS) register(server, desk);
  return server;
}
