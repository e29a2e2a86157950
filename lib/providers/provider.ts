import type { z } from 'zod';
import type { routeEntry } from '../manifest/schema/route-entry.ts';

/**
 * A kind of agent: how it is started, and what it finds in the guest. The built-in providers (`claude`, `codex`,
 * `pi`, `command`) are of this type; an operator's own is the default export of
 * `$BOT_BOTTLE_HOME/contrib/<name>/provider.ts`, with a `Dockerfile` beside it for its image.
 *
 *     import type { Provider } from 'bottle-kit/provider';
 *     export default {
 *       command: ['aider', '--yes-always'],
 *       environment: { AIDER_ANALYTICS: 'false' },
 *     } satisfies Provider;
 *
 * Node strips the types and the type import when the kit loads the module on the host. Functions are called on
 * the host, may be called more than once, and must not have side effects. See docs/providers.md.
 */
export interface Provider {
  /**
   * The program and its first arguments; no shell reads them. Absent: the bottle's `agent_provider.command`, else the
   * image's own ENTRYPOINT and CMD.
   */
  command?: string[] | undefined;
  /** The agent's user, if the image has it; otherwise the image's USER. */
  user?: string | undefined;
  /** Absolute path of that user's home in the guest; as in the image's /etc/passwd when absent. */
  home?: string | undefined;
  /** Variables of the agent, never secret. The bottle's `env` takes precedence. */
  environment?: Record<string, string> | undefined;
  /** The npm package of the agent, for `make doctor` to look for newer versions of the one that its Dockerfile pins. */
  npmPackage?: string | undefined;
  /**
   * The kinds of credential with which the agent can work, by the name that a bottle uses as
   * `agent_provider.credential.kind`. When there are any, a bottle must choose one.
   */
  credentials?: Record<string, ProviderCredential> | undefined;
  /**
   * Variables from which the agent takes a credential by itself. A bottle that has chosen one must not set them, so that
   * a subscription never turns into metered billing unseen.
   */
  credentialVariables?: string[] | undefined;
  /** Files that the agent finds in its home. */
  files?: ((setup: GuestSetup) => GuestFile[]) | undefined;
  /** Arguments of a session on the operator's terminal, after `command`. */
  interactive?: ((session: Session) => string[]) | undefined;
  /** Whether the agent fails without a terminal, unless it runs headless. */
  needsTerminal?: boolean | undefined;
  /**
   * Arguments of a session without a terminal, after `command`. The operator's prompt is the agent's standard
   * input. Absent: the agent cannot run that way.
   */
  headless?: ((session: HeadlessSession) => string[]) | undefined;
  /** Directory for skills, relative to the home. Absent: the agent knows no skills. */
  skills?: string | undefined;
  /** Directory with the transcripts of sessions, `*.jsonl` below it, relative to the home. */
  transcripts?: string | undefined;
  /** The directory of `transcripts` with those that a session in `workdir` can resume; all of it when absent. */
  resumable?: ((workdir: string) => string) | undefined;
  /**
   * Tells what one line of a transcript means, for `make transcript`. `line` is the line's JSON, written by the agent: it
   * can be anything. Returns nothing for a line that a reader does not need.
   */
  transcriptLine?: ((line: unknown) => TranscriptEvent[]) | undefined;
}

/** What happened in a session. `time` is ISO 8601 with a time zone. */
export type TranscriptEvent = { time?: string | undefined } & (
  | { kind: 'message'; who: 'user' | 'agent'; text: string }
  /** What a model wrote for itself. */
  | { kind: 'thought'; text: string }
  /** `input` is any JSON. `id` connects a call with its result. */
  | { kind: 'call'; tool: string; input: unknown; id?: string | undefined }
  | { kind: 'result'; text: string; failed?: boolean | undefined; id?: string | undefined }
);

/** One kind of credential. The agent gets a placeholder; egress has the real value and adds it to requests. */
export interface ProviderCredential {
  /** What it is, in a few words, for the screen before a launch. */
  title: string;
  /** Where egress adds it, spelled as `egress.routes` of a bottle, without `token_ref`. */
  routes: ProviderRoute[];
  /** Variables of the agent with placeholders. They must not look like real secrets, or egress refuses to send them. */
  environment?: Record<string, string> | undefined;
  /** For a credential that is a file of this host rather than one of its variables. */
  signIn?: SignIn | undefined;
}

type RouteEntry = z.input<typeof routeEntry>;
type WithoutToken<Auth> = Auth extends unknown ? Omit<Auth, 'token_ref'> : never;
export type ProviderRoute = Omit<RouteEntry, 'auth'> & {
  auth: WithoutToken<NonNullable<RouteEntry['auth']>>;
};

/** A sign-in that a program of this host keeps in a file, and refreshes there. */
export interface SignIn {
  /** Absolute path on the host. */
  file(): string;
  /** Takes the file apart. @throws Error that says what is wrong, without any of the content. */
  read(content: string): { token: string; details: Record<string, string>; expires?: Date | undefined };
  /** How the operator signs in, as a sentence. */
  hint: string;
}

/** What a provider knows when it writes the agent's files. */
export interface GuestSetup {
  /** Absolute path of the agent's home. */
  home: string;
  /** Absolute path where sessions start. */
  workdir: string;
  /** The agent's system prompt; may be empty. */
  prompt: string;
  /** The bottle's label; may be empty. */
  label: string;
  /** MCP servers over HTTP that the agent should know: name -> URL. */
  mcpServers: Record<string, string>;
  /** The chosen credential; `details` are those of a sign-in. */
  credential?: { kind: string; details: Record<string, string> } | undefined;
}

export interface GuestFile {
  /** Relative to the home. */
  path: string;
  content: string;
  /** Octal; `0600` when absent. */
  mode?: string | undefined;
}

export interface Session {
  /** Guest path of the system prompt; undefined when there is none. */
  promptFile?: string | undefined;
  workdir: string;
  /** The bottle's label; may be empty. */
  label: string;
  /** Whether to continue the last session, which exists. */
  resume: boolean;
}

export interface HeadlessSession extends Session {
  /** `json` asks for the agent's own stream of events. */
  format: 'text' | 'json';
}
