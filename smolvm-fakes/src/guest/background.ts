import { spawnSync } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { agentError } from '../errors.ts';
import { RUNC_ROOT } from '../network/live-guests.ts';
import type { VmRecord } from '../state/record.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { hiddenFile } from './exec.ts';
import type { RunningGuest } from './folder.ts';
import { ociProcess } from './spec.ts';
import type { GuestUser } from './user.ts';

/**
 * Launches the record's entrypoint and cmd, if any, detached and without input or output.
 * @throws SmolvmError when the launch fails. A command that exits at once is not a failure.
 */
export async function launchInBackground(
  record: VmRecord,
  guest: RunningGuest,
  user: GuestUser,
): Promise<void> {
  const args = [...record.entrypoint, ...record.cmd];
  if (args.length === 0) return;
  const request = { args, env: record.env, cwd: record.workdir ?? '/', user, terminal: false };
  const specification = hiddenFile(JSON.stringify(ociProcess(request)));
  // The command keeps its streams open, so runc logs to a file instead of a pipe.
  const runc = ['--root', RUNC_ROOT, '--log', '/proc/self/fd/4', 'exec', '--detach'];
  const log = hiddenFile('');
  try {
    const result = spawnSync('runc', [...runc, '--process', '/proc/self/fd/3', guest.container], {
      stdio: ['ignore', 'ignore', 'ignore', specification, log],
      env: HELPER_ENVIRONMENT,
    });
    if (result.status === 0) return;
    throw agentError('start machine', `start background ${args.join(' ')}: ${lastMessage(log)}`);
  } finally {
    closeSync(specification);
    closeSync(log);
  }
}

/** The last message in runc's log. */
function lastMessage(log: number): string {
  const lines = readFileSync(`/proc/self/fd/${log}`, 'utf8').trim().split('\n');
  return (
    /msg="(.*)"$/.exec(lines.at(-1) ?? '')?.[1]?.replaceAll('\\"', '"') ??
    'the container runtime gave no reason'
  );
}
