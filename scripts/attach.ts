#!/usr/bin/env node
import { PHASE_FLAGS, reportPhase } from '../lib/commands/phase/phase-script.ts';
import { attach } from '../lib/phases/attach.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

// The agent's streams are its own: no spinner, no record on stdout unless asked for; its exit code is ours.
await runScript(async ({ signal }) => {
  const flags = parseFlags({ name: attach.name, summary: attach.summary, flags: PHASE_FLAGS });
  if (flags === undefined) return 0;
  return (await reportPhase(attach, flags.bottle, { ...flags, signal })).exitCode;
});
