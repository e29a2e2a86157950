#!/usr/bin/env node
import { PHASE_FLAGS, reportPhase } from '../lib/commands/phase/phase-script.ts';
import { attach } from '../lib/phases/attach.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

// The agent uses our streams, so there is no spinner and no record on stdout; its exit code becomes ours.
await runScript(async ({ signal }) => {
  const flags = parseFlags({ name: attach.name, summary: attach.summary, flags: PHASE_FLAGS });
  if (flags === undefined) return 0;
  return (await reportPhase(attach, flags.bottle, { ...flags, signal })).exitCode;
});
