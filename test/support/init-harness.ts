import { runUntilSignalled } from '../../lib/daemons/init/run-until-signalled.ts';
import type { DaemonSpec } from '../../lib/daemons/init/supervised-daemon.ts';
import { Supervisor } from '../../lib/daemons/init/supervisor.ts';
import { TIMINGS } from '../../lib/daemons/init/timings.ts';

/** Runs the real supervisor as a process of its own, so that tests can send it real signals. */
const { directory, daemons, timings }: { directory: string; daemons: DaemonSpec[]; timings: object } =
  JSON.parse(process.argv[2] ?? '');

await runUntilSignalled(
  new Supervisor({
    daemons,
    health: `${directory}/health.json`,
    control: `${directory}/control.sock`,
    stdout: process.stdout,
    stderr: process.stderr,
    timings: { ...TIMINGS, ...timings },
  }),
);
process.exit(0);
