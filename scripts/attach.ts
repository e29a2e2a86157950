#!/usr/bin/env node
import { readRecord } from '../lib/bottle/records.ts';
import { detach } from '../lib/commands/hold/detach.ts';
import { checkSession } from '../lib/commands/launch/check-session.ts';
import { SESSION_FLAGS, sessionRequest } from '../lib/commands/launch/session-flags.ts';
import { PHASE_FLAGS, reportPhase } from '../lib/commands/phase/phase-script.ts';
import { announcing } from '../lib/commands/supervise/announce.ts';
import { watchBottle } from '../lib/commands/watch/watch-bottle.ts';
import { attach, attachWith } from '../lib/phases/attach.ts';
import { prepare } from '../lib/phases/prepare.ts';
import { hostTerminal } from '../lib/sessions/host-terminal.ts';
import { joinSession } from '../lib/sessions/join-session.ts';
import { looksOf } from '../lib/sessions/looks.ts';
import { Notices } from '../lib/sessions/notices.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
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
      new: { type: 'boolean', help: 'start a session even when there is one to join' },
    },
    notes: ['Joins a session that was started with --detach, if no other terminal holds it.'],
  });
  if (flags === undefined) return 0;
  const { bottle } = flags;
  const request = await sessionRequest(flags, flags.resume);
  const prepared = await readRecord(bottle, prepare.name, prepare.record);
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  if (flags.detach) {
    if (prepared !== undefined) await checkSession(prepared.data, request, true);
    await detach({ slug: bottle, owns: false, learns: false }, request, signal, say);
    return 0;
  }
  const mayJoin = !flags.new && !flags.resume && request.prompt === undefined && hostTerminal() !== undefined;
  if (mayJoin && prepared !== undefined) {
    const joined = await joinSession(bottle, await looksOf(prepared.data), signal, say);
    if (joined?.kind === 'left')
      say(`left the session, which goes on; to join it again: make attach BOTTLE=${bottle}`);
    if (joined !== undefined) return joined.kind === 'left' ? 0 : joined.exitCode;
  }
  if (prepared !== undefined) await checkSession(prepared.data, request);
  const notices = new Notices();
  const session = async () =>
    (await reportPhase(attachWith(request, notices), bottle, { ...flags, signal })).exitCode;
  const hasOwnTerminal = request.prompt === undefined && hostTerminal() !== undefined;
  return watchBottle(
    bottle,
    (text) => notices.say(text),
    () => announcing(bottle, hasOwnTerminal ? undefined : say, session),
  );
});
