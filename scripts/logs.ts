#!/usr/bin/env node
import { AUDIT_HEAD, auditRow } from '../lib/commands/logs/audit-table.ts';
import { daemonLog } from '../lib/commands/logs/daemon-logs.ts';
import { auditLog } from '../lib/commands/logs/logs.ts';
import { parseLines, parseSince } from '../lib/commands/logs/since.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'logs',
    summary: 'print what a bottle’s egress let out and refused, or what its daemons said',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      follow: { type: 'boolean', help: 'go on as there is more, until the bottle ends' },
      denied: { type: 'boolean', help: 'only what policy refused' },
      since: { type: 'string', help: 'only what ended since: 90s, 10m, 2h, 3d ago, or a time' },
      lines: { type: 'string', help: 'the last so many of what is there; default 100, 0 for all' },
      json: { type: 'boolean', help: 'the lines as egress wrote them' },
      daemons: { type: 'boolean', help: 'what the daemons said instead' },
    },
    notes: ['How much egress writes down is up to `egress.log` of the bottle: 0, 1 or 2.'],
  });
  if (flags === undefined) return 0;
  const { bottle, follow, denied, json, since } = flags;
  if (flags.daemons) {
    for await (const { stream, text } of daemonLog(bottle, { follow, signal }))
      process[stream].write(`${text}\n`);
    return 0;
  }
  const log = auditLog(bottle, {
    follow,
    denied,
    since: since === undefined ? undefined : parseSince(since, Date.now()),
    // A time says by itself how much is wanted.
    lines: flags.lines === undefined ? (since === undefined ? 100 : 0) : parseLines(flags.lines),
    signal,
  });
  let hasHead = json;
  for await (const item of log) {
    // The reader of a pipe may have gone.
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
