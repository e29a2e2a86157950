import { readMetadata, writeMetadata } from '../../bottle/metadata.ts';
import { followSignIn } from '../../bundle/follow-sign-in.ts';
import type { GuestSession } from '../../guest/guest-session.ts';
import { identifyProcess } from '../../host/process-identity.ts';
import { type AgentSession, agentSession } from '../../phases/agent-session.ts';
import { contextFor } from '../../phases/run-phase.ts';
import { awaitOtherSessions } from '../../sessions/await-others.ts';
import { DetachedSession, FIRST_SIZE } from '../../sessions/detached-session.ts';
import { Notices } from '../../sessions/notices.ts';
import { OutputLog } from '../../sessions/output-log.ts';
import { registerSession } from '../../sessions/registry.ts';
import { endLaunch } from '../launch/launch.ts';
import { saveTranscript } from '../transcript/save-transcript.ts';
import { watchBottle } from '../watch/watch-bottle.ts';
import type { HoldRequest } from './hold-request.ts';

/** The exit code of `timeout` (GNU coreutils) for a command that took too long. */
const TIMED_OUT = 124;

export interface HolderVoice {
  readonly signal: AbortSignal;
  say(line: string): void;
  /** Called when the session has started, and with it the bottle has its new owner. */
  started(): void;
}

/**
 * Holds a session of the agent until it ends; as the bottle's owner, then takes the bottle down by the rules of a
 * launch. @returns the agent's exit code.
 */
export async function hold(hold: HoldRequest, voice: HolderVoice): Promise<number> {
  const { slug, owns, learns, request } = hold;
  const { signal, say } = voice;
  const session = await agentSession(
    contextFor({ name: 'attach' }, slug, { signal, say, force: false }),
    request,
  );
  // Without a terminal there is the log, which has them anyway.
  const notices = new Notices(() => {});
  let exitCode: number | undefined;
  let isOwner = false;
  try {
    const tell = (text: string) => {
      say(text);
      notices.say(text);
    };
    exitCode = await watchBottle(slug, tell, () =>
      holdAgent(session, hold, { ...voice, notices }, async () => {
        if (owns) await own(slug);
        isOwner = owns;
        voice.started();
      }),
    );
  } finally {
    if (isOwner) {
      await awaitOtherSessions(slug, signal, say);
      await endLaunch(slug, { exitCode, learns }, { say });
    } else {
      await saveTranscript(slug, say);
    }
  }
  return exitCode;
}

async function own(slug: string): Promise<void> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined) return;
  await writeMetadata({ ...metadata, owner: (await identifyProcess(process.pid)) ?? null });
}

async function holdAgent(
  { plan, bottle, command, looks }: AgentSession,
  { slug, request: { prompt, timeoutMs } }: HoldRequest,
  { signal, say, notices }: HolderVoice & { readonly notices: Notices },
  started: () => Promise<void>,
): Promise<number> {
  const unfollow = await followSignIn(plan, say);
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const log = new OutputLog(slug);
  const hasTerminal = prompt === undefined;
  const { id, unregister } = await registerSession(slug, 'agent', hasTerminal);
  try {
    const { TERM: type = 'xterm-256color', COLORTERM: colors } = process.env;
    const session = bottle.openSession(command, {
      terminal: hasTerminal
        ? { ...FIRST_SIZE, type: type === 'dumb' ? 'xterm-256color' : type, colors }
        : undefined,
      signal: late === undefined ? signal : AbortSignal.any([signal, late]),
    });
    session.errorOutput.on('data', (bytes: Buffer) => process.stderr.write(bytes));
    const end = hasTerminal
      ? await onScreen(session, { slug, id, clipboard: looks.clipboard, log, notices })
      : withPrompt(session, prompt, log);
    await started();
    const exitCode = await end();
    return late?.aborted ? TIMED_OUT : exitCode;
  } finally {
    unfollow();
    log.close();
    await unregister();
  }
}

async function onScreen(session: GuestSession, options: ConstructorParameters<typeof DetachedSession>[1]) {
  const detached = new DetachedSession(session, options);
  await detached.listen();
  return () => detached.hold();
}

function withPrompt(session: GuestSession, prompt: string, log: OutputLog): () => Promise<number> {
  session.write(Buffer.from(prompt));
  session.endInput();
  return async () => {
    for await (const chunk of session.output) log.write(chunk);
    return session.ended;
  };
}
