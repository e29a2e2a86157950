#!/usr/bin/env node
import { readRecord } from '../lib/bottle/records.ts';
import { checkSession } from '../lib/commands/launch/check-session.ts';
import { SESSION_FLAGS, sessionRequest } from '../lib/commands/launch/session-flags.ts';
import { PHASE_FLAGS, reportPhase } from '../lib/commands/phase/phase-script.ts';
import { attach, attachWith } from '../lib/phases/attach.ts';
import { prepare } from '../lib/phases/prepare.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

// The agent uses our streams, so there is no spinner and no record on stdout; its exit code becomes ours.
await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: attach.name,
    summary: attach.summary,
    flags: {
      ...PHASE_FLAGS,
      ...SESSION_FLAGS,
      resume: { type: 'boolean', help: 'continue the agent’s last session, if there is one' },
    },
  });
  if (flags === undefined) return 0;
  const request = await sessionRequest(flags, flags.resume);
  const prepared = await readRecord(flags.bottle, prepare.name, prepare.record);
  if (prepared !== undefined) await checkSession(prepared.data, request);
  return (await reportPhase(attachWith(request), flags.bottle, { ...flags, signal })).exitCode;
});
