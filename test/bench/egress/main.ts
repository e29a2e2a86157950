#!/usr/bin/env node
/**
 * Measures egress against mitmproxy, squid with ssl_bump, a bare forwarder and a bare CONNECT tunnel in Node,
 * and no proxy at all, in one run on one machine. Engines have one core; load and upstream share the other.
 * Exits non-zero when something broke, not when a goal was missed. `--quick` takes three minutes, too short
 * for engines to warm up; `--install` installs missing engines from Debian; `--json` prints JSON.
 */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { toolFlags } from '../../support/tool-flags.ts';
import { type Engine, missingPackages } from './engine.ts';
import { FORWARDER, MITMPROXY, OURS, OURS_WITHOUT_DLP, SQUID, TUNNEL } from './engines.ts';
import {
  type Effort,
  type EngineRound,
  inProcess,
  measureDirect,
  measureEngine,
  measureHeld,
  measureStart,
  measureSwap,
} from './measures.ts';
import { IS_PINNED, startLoad, stopAll } from './processes.ts';
import { goalsOf, printed, type Results, summaries } from './report.ts';
import { openStage } from './stage.ts';

const flags = toolFlags({
  name: 'bench-egress',
  file: 'test/bench/egress/main.ts',
  summary: 'measure egress beside mitmproxy, squid and a bare tunnel (13 minutes)',
  flags: {
    quick: { type: 'boolean', help: 'one short round (3 minutes): figures to compare roughly' },
    json: { type: 'boolean', help: 'print it as JSON' },
    install: { type: 'boolean', help: 'install the Debian packages that are missing' },
  },
});

const MIB = 1024 * 1024;
const EFFORT: Effort = flags.quick
  ? {
      runInMs: 1500,
      warmMs: 250,
      measureMs: 600,
      rounds: 1,
      freshHosts: 10,
      transferBytes: 100 * MIB,
      starts: 3,
    }
  : {
      runInMs: 10_000,
      warmMs: 1000,
      measureMs: 3000,
      rounds: 3,
      freshHosts: 25,
      transferBytes: 100 * MIB,
      starts: 9,
    };

const scanCosts = z.array(
  z.object({ size: z.string(), clean: z.number(), worst: z.object({ name: z.string(), ms: z.number() }) }),
);
const policyCost = z.object({ decisionMicroseconds: z.number() });

const say = (line: string) => {
  if (flags.verbosity !== 'quiet') process.stderr.write(`${line}\n`);
};

/** Returns the engines that are installed; names the missing packages, or installs them if asked. */
function enginesHere(): Engine[] {
  const all = [TUNNEL, FORWARDER, OURS, OURS_WITHOUT_DLP, MITMPROXY, SQUID];
  let missing = missingPackages(all);
  if (missing.length > 0 && flags.install) {
    say(`installing ${missing.join(', ')}`);
    const install = ['install', '--yes', '--no-install-recommends', ...missing];
    // Keeps the installed services from starting.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    spawnSync('apt-get', install, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    missing = missingPackages(all);
  }
  if (missing.length > 0) {
    say(`not measured, since not installed: ${missing.join(', ')}; on Debian, --install installs them`);
  }
  return all.filter(({ debian }) => debian === undefined || !missing.includes(debian.package));
}

async function run(): Promise<Results> {
  const engines = enginesHere();
  if (!IS_PINNED) say('one core, or no taskset: engines and load share the machine, and figures mean less');
  const stage = await openStage();
  const [load, probe] = [startLoad(), startLoad()];
  try {
    const rounds: Record<string, EngineRound[]> = { direct: [] };
    for (let round = 0; round < EFFORT.rounds; round += 1) {
      say(`round ${round + 1} of ${EFFORT.rounds}`);
      rounds.direct?.push(await measureDirect(stage, load, EFFORT));
      for (const engine of engines) {
        const measured = await measureEngine(stage, load, engine, EFFORT, engine !== TUNNEL);
        rounds[engine.name] = [...(rounds[engine.name] ?? []), measured];
      }
    }
    say('held bodies, policies, starts, scanning');
    return {
      engines: rounds,
      held: await measureHeld(stage, load, probe),
      swapMs: await measureSwap(stage, 1000, EFFORT.starts),
      startMs: await measureStart(stage, EFFORT.starts),
      scan: scanCosts.parse(inProcess('scan-cost.ts')),
      ...policyCost.parse(inProcess('policy-cost.ts')),
    };
  } finally {
    await stage.close();
  }
}

try {
  const results = await run();
  const told = { ...results, summaries: summaries(results), goals: goalsOf(results) };
  console.log(flags.json ? JSON.stringify(told, null, 2) : printed(results));
  process.exit(0);
} catch (error) {
  stopAll();
  console.error(`the bench broke: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
