import { join } from 'node:path';
import type { Verb } from '../cli/command.ts';
import { agentError, configError, ioReason, notFoundError } from '../errors.ts';
import { dieIfAsked, refuseIfDiskFull } from '../faults/faults.ts';
import { scheduleDeath } from '../faults/silent-death.ts';
import { launchInBackground } from '../guest/background.ts';
import { bootGuest } from '../guest/boot.ts';
import { execInGuest } from '../guest/exec.ts';
import { ensureFolder, forgetRunning, identityOf, probedState, type RunningGuest } from '../guest/folder.ts';
import { haltGuest } from '../guest/halt.ts';
import type { GuestUser } from '../guest/user.ts';
import { DEFAULT_NAME } from '../machine/name.ts';
import { requireSource, rootfsOf, userOf } from '../machine/rootfs.ts';
import { surroundingsOf } from '../network/attach.ts';
import { policyOf } from '../network/policy.ts';
import type { Profile } from '../profile.ts';
import type { Database } from '../state/database.ts';
import { openDatabase } from '../state/open.ts';
import { newRecord, type VmRecord } from '../state/record.ts';
import { tryLock } from '../system/flock.ts';
import { signalProcess, waitForEnd } from '../system/process.ts';

export function machineStart(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine start',
      about: 'Start a machine',
      options: [{ long: 'name', short: 'n', value: 'NAME', help: 'Machine to start [default: default]' }],
    },
    machineOf: (args) => args.value('name') ?? DEFAULT_NAME,
    async run(args) {
      using database = await openDatabase(profile);
      const name = args.value('name') ?? DEFAULT_NAME;
      if (database.get(name) === undefined) {
        if (args.has('name')) throw notFoundError(name);
        database.insert(newRecord(name, { cpus: 4, mem: 8192 }));
      }
      const folder = ensureFolder(name);
      await using held = await tryLock(join(folder, 'vm.lock'));
      if (held === undefined) {
        throw agentError('start machine', 'another process is already starting or running this VM');
      }
      const record = database.get(name);
      if (record === undefined) throw notFoundError(name);
      return await startLocked(record, database, folder, profile);
    },
  };
}

async function startLocked(
  stored: VmRecord,
  database: Database,
  folder: string,
  profile: Profile,
): Promise<number> {
  const { name } = stored;
  const state = probedState(stored);
  if (state === 'running') {
    process.stdout.write(`Machine '${name}' already running (PID: ${stored.pid})\n`);
    return 0;
  }
  if (state === 'unreachable') await killUnreachable(stored);
  requireSource(stored);
  refusePortClash(stored, database);
  process.stderr.write(`Starting machine '${name}'${extras(stored)}...\n`);
  const policy = policyOf(stored, profile);
  const surroundings = surroundingsOf(stored, profile);
  refuseFullDisk();
  forgetRunning(folder);
  const { layers, record } = await rootfsOf(stored, folder, policy, profile);
  const sockets = profile.mountSocket === 'in-containers' ? (record.published_sockets ?? []) : [];
  const guest = await bootGuest(record, folder, layers, { profile, policy, surroundings, sockets });
  try {
    const user = userOf(record, folder, profile);
    await runInit(record, guest, user);
    await launchInBackground(record, guest, user);
  } catch (error) {
    await haltGuest(guest);
    forgetRunning(folder);
    throw error;
  }
  dieIfAsked('start');
  scheduleDeath(guest);
  process.stdout.write(`Machine '${name}' running (PID: ${guest.pid})\n`);
  // Last, and as a whole: like smolvm, this loses what others wrote to the record since it was read.
  database.update({
    ...record,
    state: 'running',
    pid: guest.pid,
    pid_start_time: guest.startTime,
    init_completed: record.init_completed || record.init.length > 0,
  });
  return 0;
}

function refuseFullDisk(): void {
  try {
    refuseIfDiskFull();
  } catch (error) {
    throw agentError('start machine', ioReason(error));
  }
}

async function killUnreachable(record: VmRecord): Promise<void> {
  process.stdout.write(
    `Machine '${record.name}' is unreachable (PID ${record.pid} alive but agent unresponsive); cleaning up.\n`,
  );
  const identity = identityOf(record);
  if (identity === undefined) return;
  signalProcess(identity, 'SIGKILL');
  await waitForEnd(identity, 5_000);
}

async function runInit(record: VmRecord, guest: RunningGuest, user: GuestUser): Promise<void> {
  const count = record.init.length;
  if (count === 0) return;
  if (record.init_completed) {
    process.stdout.write(`Init already completed, skipping ${count} command(s)\n`);
    return;
  }
  process.stdout.write(`Running ${count} init command(s)...\n`);
  for (const command of record.init) {
    const request = { args: ['/bin/sh', '-c', command], env: record.env, cwd: record.workdir ?? '/', user };
    const child = execInGuest(guest.container, request, { stdin: false });
    child.stdout.pipe(process.stdout, { end: false });
    child.stderr.pipe(process.stderr, { end: false });
    const ending = await child.ended;
    if (ending.kind === 'exited' && ending.code === 0) continue;
    const code = ending.kind === 'exited' ? ending.code : 255;
    throw agentError('start machine', `init command failed with exit code ${code}: ${command}`);
  }
}

function refusePortClash(record: VmRecord, database: Database): void {
  if (record.ports.length === 0) return;
  for (const other of database.all()) {
    if (other.name === record.name || probedState(other) !== 'running') continue;
    const clash = record.ports.find(([host]) => other.ports.some(([taken]) => taken === host));
    if (clash === undefined) continue;
    throw configError(
      'start machine',
      `host port ${clash[0]} is already in use by running machine '${other.name}'`,
    );
  }
  throw agentError('start machine', 'the fake smolvm cannot publish ports of a guest');
}

function extras(record: VmRecord): string {
  const mounts = record.mounts.length > 0 ? ` with ${record.mounts.length} mount(s)` : '';
  const ports = record.ports.length > 0 ? ` and ${record.ports.length} port mapping(s)` : '';
  return `${mounts}${ports}`;
}
