import { constants } from 'node:os';
import type { Arguments, CommandSpec, Verb } from '../cli/command.ts';
import { parseEnv } from '../cli/env.ts';
import { parseDuration } from '../cli/values.ts';
import { agentError } from '../errors.ts';
import { raceOf } from '../faults/exec-race.ts';
import { dieIfAsked, faults } from '../faults/faults.ts';
import { type Ending, execInGuest, type GuestProcess } from '../guest/exec.ts';
import { execOnTerminal } from '../guest/terminal.ts';
import { DEFAULT_NAME } from '../machine/name.ts';
import { userOf } from '../machine/rootfs.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { connectTo, openDatabase } from '../state/open.ts';
import { onSignal } from '../system/signals.ts';

/** Bytes of each output stream that smolvm keeps when it does not stream. */
const OUTPUT_LIMIT = 11 * 1024 * 1024;
const TIMED_OUT = 124;
/** Milliseconds after which the `exec:die` fault assumes that the command is running. */
const MIDDLE_MS = 200;

const spec: CommandSpec = {
  words: 'machine exec',
  about: 'Run a command in a running machine',
  trailing: { name: 'COMMAND', required: true },
  options: [
    { long: 'name', value: 'NAME', help: 'Machine to run in [default: default]' },
    { long: 'workdir', short: 'w', value: 'DIR', help: 'Working directory' },
    { long: 'env', short: 'e', value: 'K=V', many: true, help: 'Environment variable' },
    { long: 'timeout', value: 'DURATION', check: parseDuration, help: 'Time limit, e.g. 30s' },
    { long: 'interactive', short: 'i', help: 'Keep stdin open' },
    { long: 'tty', short: 't', help: 'Allocate a terminal' },
    { long: 'stream', help: 'Show output as it comes' },
  ],
};

export function machineExec(profile: Profile): Verb {
  return {
    spec,
    machineOf: (args) => args.value('name') ?? DEFAULT_NAME,
    run: (args) =>
      execute(profile, args, { interactive: args.has('interactive'), terminal: args.has('tty') }),
  };
}

export interface ExecMode {
  interactive: boolean;
  terminal: boolean;
}

/** Runs `args.trailing` in a machine as `mode` says. @returns the exit code. */
export async function execute(profile: Profile, args: Arguments, mode: ExecMode): Promise<number> {
  const { container, request, doomed } = await prepare(args, profile);
  if (doomed) return profile.exitCodeOfSignal(constants.signals.SIGKILL);
  const limit = args.value('timeout');
  let kill: () => void = () => undefined;
  let late = false;
  const revoke = onSignal(() => kill());
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          kill();
        }, parseDuration(limit));
  try {
    const onStart = (killer: () => void) => {
      kill = killer;
      setTimeout(() => dieIfAsked('exec'), MIDDLE_MS).unref();
    };
    const code = mode.terminal
      ? exitCodeOf(
          await execOnTerminal(container, request, { stdin: mode.interactive, onStart }),
          '',
          profile,
        )
      : await executePlain(profile, container, request, mode.interactive, args.has('stream'), onStart);
    if (faults().losesExit) throw agentError('exec', 'connection closed before the exit code came');
    if (!late) return code;
    process.stderr.write(`command timed out after ${parseDuration(limit ?? '')}ms\n`);
    return TIMED_OUT;
  } finally {
    clearTimeout(timer);
    revoke();
  }
}

type Request = Parameters<typeof execInGuest>[1];

async function prepare(
  args: Arguments,
  profile: Profile,
): Promise<{
  container: string;
  request: Request;
  /** Whether the command would join a container that is about to die. */
  doomed: boolean;
}> {
  using database = await openDatabase(profile);
  const { record, guest } = connectTo(database, args.value('name'), profile);
  const request = {
    args: args.trailing,
    env: [...record.env, ...parseEnv(args.values('env'), profile)],
    cwd: args.value('workdir') ?? record.workdir ?? '/',
    user: userOf(record, vmDirectory(record.name), profile),
  };
  return { container: guest.container, request, doomed: raceOf(vmDirectory(record.name), guest) };
}

async function executePlain(
  profile: Profile,
  container: string,
  request: Request,
  interactive: boolean,
  stream: boolean,
  onStart: (kill: () => void) => void,
): Promise<number> {
  const child = execInGuest(container, request, { stdin: interactive || stream });
  onStart(child.kill);
  const finish = interactive || stream ? flowing(child) : collected(child);
  if (interactive && child.stdin !== null) {
    // The command may end, or close its input, before our own input ends.
    child.stdin.on('error', () => process.stdin.pause());
    process.stdin.pipe(child.stdin);
  }
  const ending = await child.ended;
  if (interactive) {
    process.stdin.unpipe();
    process.stdin.pause();
  }
  const said = finish();
  return exitCodeOf(ending, said, profile);
}

function flowing(child: GuestProcess): () => string {
  let last = '';
  child.stdout.on('data', (chunk: Buffer) => process.stdout.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    last = (last + chunk.toString()).slice(-2_000);
    process.stderr.write(chunk);
  });
  return () => last;
}

/** Buffers both streams until the end, then writes stdout before stderr. */
function collected(child: GuestProcess): () => string {
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const) {
    let size = 0;
    child[name].on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, OUTPUT_LIMIT - size));
      size += part.length;
      kept[name].push(part);
    });
  }
  return () => {
    const stderr = Buffer.concat(kept.stderr);
    process.stdout.write(Buffer.concat(kept.stdout));
    process.stderr.write(stderr);
    return stderr.toString('utf8', Math.max(0, stderr.length - 2_000));
  };
}

function exitCodeOf(ending: Ending, said: string, profile: Profile): number {
  if (ending.kind === 'exited') return ending.code;
  if (ending.kind === 'signalled') return profile.exitCodeOfSignal(ending.signal);
  if (/executable file not found|no such file or directory/i.test(said)) return 127;
  if (/permission denied/i.test(said)) return 126;
  throw agentError('exec', 'the container runtime could not run the command');
}
