#!/usr/bin/env node
import { agentOutput } from '../lib/commands/logs/agent-output.ts';
import { AUDIT_HEAD, auditRow } from '../lib/commands/logs/audit-table.ts';
import { daemonLog } from '../lib/commands/logs/daemon-logs.ts';
import { auditLog } from '../lib/commands/logs/logs.ts';
import { parseLines, parseSince } from '../lib/commands/logs/since.ts';
import { visible } from '../lib/host/visible.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'logs',
    summary:
      'print what a bottle’s egress and git gate let out and refused, or what its agent or daemons printed',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      follow: { type: 'boolean', help: 'continue as more is written, until the bottle ends' },
      denied: { type: 'boolean', help: 'only what policy refused' },
      since: { type: 'string', help: 'only what ended since then: 90s, 10m, 2h, 3d ago, or a time' },
      lines: { type: 'string', help: 'number of existing lines to print; default 100, 0 for all' },
      json: { type: 'boolean', help: 'print the lines as the daemons wrote them' },
      'agent-output': { type: 'boolean', help: 'print what the agent printed instead, as plain text' },
      daemons: { type: 'boolean', help: 'print the logs of the daemons instead' },
    },
    notes: [
      'How much egress logs depends on `egress.log` of the bottle: 0, 1 or 2. The git gate logs each fetch and push.',
    ],
  });
  if (flags === undefined) return 0;
  const { bottle, follow, denied, json, since } = flags;
  if (flags.daemons) {
    for await (const { stream, text } of daemonLog(bottle, { follow, signal }))
      process[stream].write(`${visible(text)}\n`);
    return 0;
  }
  if (flags['agent-output']) {
    for await (const text of agentOutput(bottle, { follow, signal })) process.stdout.write(text);
    return 0;
  }
  const log = auditLog(bottle, {
    follow,
    denied,
    since: since === undefined ? undefined : parseSince(since, Date.now()),
    // With --since, the time alone limits the lines.
    lines: flags.lines === undefined ? (since === undefined ? 100 : 0) : parseLines(flags.lines),
    signal,
  });
  let hasHead = json;
  for await (const item of log) {
    // The reader of the pipe may have closed it.
    if (!process.stdout.writable) break;
    if (item.kind === 'notice') {
      line(item.text);
      continue;
    }
    if (!hasHead) process.stdout.write(`${AUDIT_HEAD}\n`);
    hasHead = true;
    process.stdout.write(`${json ? item.text : auditRow(item.entry)}\n`);
  }
  return 0;
});
