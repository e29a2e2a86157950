import * as z from 'zod';
import { repoName } from './repos.ts';

/**
 * The protocol of git-gate's socket (`CONTAINER_PATHS.gitControl`): one JSON line asks, one answers. git-http keeps the
 * connection of a `push` open for as long as git's receive-pack runs, and git-gate the repository locked for that push.
 */

/** Characters of a line. */
export const MAX_LINE = 4 * 1024 * 1024;

const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** One change of a ref that a push asks for; an id of zeros stands for none. */
export const refCommand = z.strictObject({
  ref: z
    .string()
    .max(1024, 'the name of a branch or tag has more than 1024 characters')
    .regex(/^refs\/[^\p{Cc} ]+$/u, 'the name of a branch or tag is not one that the gate takes'),
  old: objectId,
  new: objectId,
});
export type RefCommand = z.infer<typeof refCommand>;

export const isNone = (id: string) => /^0+$/.test(id);

/** Made up by git-http for each push; hooks find it in the environment that git-http gave to git. */
const pushId = z.uuid();

/** Refs that one push may change. */
const MAX_COMMANDS = 2000;

/** Bytes that the client sent, and that it was sent. */
const traffic = { sent: z.int().nonnegative(), received: z.int().nonnegative() };

const pushed = {
  push: pushId,
  commands: z
    .array(refCommand)
    .min(1)
    .max(MAX_COMMANDS, `the push has more than ${MAX_COMMANDS} branches and tags`),
  /** What `git push -o` gave. */
  options: z.array(z.string().max(4096)).max(100),
};

export const gateRequest = z.discriminatedUnion('do', [
  /** git-http, before refs are told: bring the mirror up to date. */
  z.strictObject({ do: z.literal('refresh'), repo: repoName }),
  /** git-http, before receive-pack runs. Lines that follow: `gateNotice` from git-gate, at last `pushEnd`. */
  z.strictObject({ do: z.literal('push'), repo: repoName, push: pushId }),
  /**
   * The hook pre-receive. `quarantine`: name of the directory of the new objects, below the mirror's `objects`; `null`
   * for a push that sends none.
   */
  z.strictObject({
    do: z.literal('judge'),
    quarantine: z
      .string()
      .regex(/^tmp_objdir-[A-Za-z0-9-]+$/)
      .nullable(),
    ...pushed,
  }),
  /** git-http, for the audit: a fetch that has ended, or a fetch or push that was refused before it began. */
  z.strictObject({
    do: z.literal('ended'),
    event: z.enum(['fetch', 'push']),
    repo: repoName,
    verdict: z.enum(['allow', 'deny', 'fail']),
    reason: z.string().max(4096).nullable(),
    /** What the agent's git asked for. */
    wants: z.array(objectId).max(2000),
    ...traffic,
    ms: z.int().nonnegative(),
  }),
  /** The hook proc-receive, for commands that were judged. */
  z.strictObject({ do: z.literal('forward'), atomic: z.boolean(), ...pushed }),
]);
export type GateRequest = z.infer<typeof gateRequest>;
export type JudgeRequest = Extract<GateRequest, { do: 'judge' }>;
export type RequestEnd = Extract<GateRequest, { do: 'ended' }>;
export type ForwardRequest = Extract<GateRequest, { do: 'forward' }>;

/** Upstream's answer for one ref; `fault` in its words, `null` when it took the change. */
const refAnswer = z.strictObject({ ref: z.string(), fault: z.string().nullable() });
export type RefAnswer = z.infer<typeof refAnswer>;

export const gateReply = z.strictObject({
  ok: z.boolean(),
  /** For the person at the other end of git; may have several lines. */
  text: z.string(),
  /** Of `forward` alone. */
  refs: z.array(refAnswer).optional(),
});
export type GateReply = z.infer<typeof gateReply>;

/** The push is on its way upstream from now on: git must not be ended, even if the client is gone. */
export const gateNotice = z.strictObject({ forwarding: z.literal(true) });

/** The last line of git-http about a push. */
export const pushEnd = z.strictObject(traffic);
export type PushEnd = z.infer<typeof pushEnd>;

/** Variables in which hooks find the socket and their push. */
export const GATE_SOCKET_ENV = 'BOT_BOTTLE_GIT_SOCKET';
export const GATE_PUSH_ENV = 'BOT_BOTTLE_GIT_PUSH';
