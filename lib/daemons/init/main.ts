import { type DaemonName, daemonPort } from '../contract/daemons.ts';
import { DAEMONS_ENV } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { daemonCommand } from './daemon-command.ts';
import { daemonEnvironment } from './daemon-environment.ts';
import { DaemonRunner } from './daemon-runner.ts';
import { requestedDaemons } from './requested-daemons.ts';
import { runUntilSignalled } from './run-until-signalled.ts';
import { TIMINGS } from './timings.ts';

/** The bundle's first program: runs the daemons that `BOT_BOTTLE_SIDECAR_DAEMONS` names until told to stop. */
function runner(names: readonly DaemonName[]): DaemonRunner {
  return new DaemonRunner({
    daemons: names.map((name) => ({
      name,
      command: daemonCommand(name, process.env),
      port: daemonPort(name),
      environment: daemonEnvironment(name, process.env),
    })),
    health: CONTAINER_PATHS.health,
    control: CONTAINER_PATHS.control,
    stdout: process.stdout,
    stderr: process.stderr,
    timings: TIMINGS,
  });
}

try {
  await runUntilSignalled(runner(requestedDaemons(process.env[DAEMONS_ENV])));
} catch (error) {
  process.stderr.write(`[init] fatal: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// A control client that is still connected must not hold up the end.
process.exit();
