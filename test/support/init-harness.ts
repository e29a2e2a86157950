import type { DaemonSpec } from '../../lib/daemons/init/daemon-process.ts';
import { DaemonRunner } from '../../lib/daemons/init/daemon-runner.ts';
import { runUntilSignalled } from '../../lib/daemons/init/run-until-signalled.ts';
import { TIMINGS } from '../../lib/daemons/init/timings.ts';

/** Runs the real daemon runner in a process of its own, so that tests can send it real signals. */
const { directory, daemons, timings }: { directory: string; daemons: DaemonSpec[]; timings: object } =
  JSON.parse(process.argv[2] ?? '');

await runUntilSignalled(
  new DaemonRunner({
    daemons,
    health: `${directory}/health.json`,
    control: `${directory}/control.sock`,
    stdout: process.stdout,
    stderr: process.stderr,
    timings: { ...TIMINGS, ...timings },
  }),
);
process.exit(0);
