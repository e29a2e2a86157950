import { ENVIRONMENT_FILE, MEMORY_DIRECTORY } from './environment.ts';
import { shellWord, writeFileScript } from './shell-script.ts';
import { GUEST_TOOL } from './tool.ts';

/** Returns the script that writes the environment of sessions. Values may contain anything but NUL. */
export function environmentScript(environment: Readonly<Record<string, string>>): string {
  const entries = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
  const directory = shellWord(MEMORY_DIRECTORY);
  return [
    // Anyone can write to the parent: remove what an agent may have put here, and let `mkdir` fail if it
    // exists.
    `rm -rf ${directory}`,
    `mkdir -m 0700 ${directory}`,
    writeFileScript(ENVIRONMENT_FILE, entries.join(''), '0600'),
  ].join('\n');
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Terminal extends TerminalSize {
  /** The host's TERM; the guest's own programs may not know it. */
  readonly type: string;
  /** The host's COLORTERM. */
  readonly colors?: string | undefined;
}

interface SessionUser {
  readonly user: string;
  readonly directory: string;
}

/**
 * Returns the guest command that runs `command` as the agent's user, in its directory and with exactly the bottle's
 * environment. All arguments are public: values come from the file in the guest, which is read before the user
 * is switched.
 */
export function agentCommand({ user, directory }: SessionUser, command: readonly string[]): string[] {
  return [GUEST_TOOL, 'run-as', '-e', ENVIRONMENT_FILE, '-d', directory, user, ...command];
}

/**
 * Like `agentCommand`, for a session: its standard input is frames (see `frames.ts`), and with `terminal` it runs on a
 * terminal of the guest's own. smolvm's terminals have no size at first, or never change it, depending on the version.
 * `report` is a file of the guest in which it writes down how the command ended.
 */
export function sessionCommand(
  { user, directory }: SessionUser,
  command: readonly string[],
  { terminal, report }: { readonly terminal?: Terminal | undefined; readonly report?: string } = {},
): string[] {
  const { colors = '' } = terminal ?? {};
  return [
    ...[GUEST_TOOL, 'session', '-e', ENVIRONMENT_FILE, '-d', directory],
    ...(report === undefined ? [] : ['-r', report]),
    ...(terminal === undefined ? [] : ['-t', terminal.type, '-s', `${terminal.columns}x${terminal.rows}`]),
    ...(/^[\w.-]+$/.test(colors) ? ['-c', colors] : []),
    user,
    ...command,
  ];
}
