#!/usr/bin/env node
/** Runs many agents at once through the real egress. Some of them abort their requests at any moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { daemonCommand } from '../../lib/daemons/init/daemon-command.ts';
import { ALLOCATOR } from '../../lib/daemons/init/daemon-environment.ts';
import { memoryOf } from '../bench/egress/processes.ts';
import { Random } from '../fuzz/random.ts';
import { testAuthority } from '../support/egress/authority.ts';
import { toolFlags, wholeNumber } from '../support/tool-flags.ts';
import { type AgentOptions, agentByHttp1, agentByHttp2 } from './agents.ts';
import { startUpstream } from './upstream.ts';

/** Megabytes: sixteen held bodies, and what a burst leaves behind until it is collected. */
const MAX_PEAK_MB = 400;
const MAX_AFTER_MB = 200;
/** Milliseconds after which an idle egress has returned memory. */
const SETTLED_MS = 12_000;
const HOST = 'localhost';

const flags = toolFlags({
  name: 'soak',
  file: 'test/soak/main.ts',
  summary: 'many agents at once through egress, some of which give their requests up at any moment (Linux)',
  flags: {
    seconds: { type: 'string', help: 'how long (60)' },
    agents: { type: 'string', help: 'agents over HTTP/1.1, and half as many over HTTP/2 (8)' },
    'given-up': { type: 'string', help: 'requests of a hundred that are given up (25)' },
    seed: { type: 'string', help: 'seed of what is asked (1); what meets what is up to the machine' },
  },
});
const seconds = wholeNumber('seconds', flags.seconds ?? '60', 1);
const agents = wholeNumber('agents', flags.agents ?? '8', 1);
const givenUp = wholeNumber('given-up', flags['given-up'] ?? '25', 0);
const seed = wholeNumber('seed', flags.seed ?? '1', 0);

const own = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const directory = await mkdtemp(join(tmpdir(), 'soak-'));
const path = (name: string) => join(directory, name);

async function startEgress(upstreamPort: number) {
  const auth = 'auth: { scheme: Bearer, slot: EGRESS_TOKEN_0 }';
  const route = `{ host: ${HOST}, port: ${upstreamPort}, private: true, ${auth} }`;
  await writeFile(path('routes.yaml'), `version: 1\nlog: 2\nroutes:\n  - ${route}\n`);
  await writeFile(path('ca.pem'), own.certificate + own.keyPem);
  await writeFile(path('world.pem'), world.certificate);
  const [program, ...args] = daemonCommand('egress', {});
  const places = ['--routes', path('routes.yaml'), '--ca', path('ca.pem'), '--listen', '127.0.0.1:0'];
  const written = ['--audit', path('audit'), '--control', path('control')];
  const egress = spawn(program, [...args, ...places, ...written], {
    env: {
      ...process.env,
      ...ALLOCATOR,
      EGRESS_TOKEN_0: 'q8/Zr+T1vXw0',
      NODE_EXTRA_CA_CERTS: path('world.pem'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  egress.stderr.on('data', (text) => {
    said += String(text);
  });
  while (!said.includes('listening on') && egress.exitCode === null) await sleep(20);
  const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  if (!(port > 0)) throw new Error(`egress did not start: ${said}`);
  return { egress, port, said: () => said };
}

const counts = new Map<string, number>();
const faults = new Map<string, number>();
const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
const done: AgentOptions['done'] = (protocol, kind, fault) =>
  count(
    fault === undefined ? counts : faults,
    `${protocol} ${kind}${fault === undefined ? '' : `: ${fault}`}`,
  );

const upstreamPort = await startUpstream(await world.leaf(HOST));
const { egress, port, said } = await startEgress(upstreamPort);
const pid = egress.pid ?? 0;
// Leaves nothing behind when interrupted.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    egress.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
    process.exit(code);
  });
}
let peakMb = 0;
const watch = setInterval(() => {
  try {
    peakMb = Math.max(peakMb, memoryOf([pid]).now);
  } catch {
    // The process has ended, which `ended` reports.
  }
  // Kills a runaway egress before it takes all memory.
  if (peakMb > 4 * MAX_PEAK_MB) egress.kill('SIGKILL');
}, 200);
const ended = once(egress, 'exit').then(() => 'egress ended');

const random = new Random(seed);
const tunnel = { proxyPort: port, target: `${HOST}:${upstreamPort}`, ca: own.certificate };
const options = { tunnel, random, until: Date.now() + 1000 * seconds, givenUp, done };
const work = Promise.all([
  ...Array.from({ length: agents }, () => agentByHttp1(options)),
  ...Array.from({ length: Math.ceil(agents / 2) }, () => agentByHttp2(options)),
]);
const worked = work.then(
  () => undefined,
  (error) => `an agent failed: ${error}`,
);
const late = sleep(1000 * seconds + 30_000, 'some requests never came to an end', { ref: false });
const ending = await Promise.race([worked, ended, late]);
if (ending !== undefined) count(faults, ending);
else {
  await sleep(SETTLED_MS);
  const afterMb = memoryOf([pid]).now;
  console.log(`memory: ${Math.round(peakMb)} MB at the most, ${Math.round(afterMb)} MB when idle again`);
  if (afterMb > MAX_AFTER_MB) count(faults, `more than ${MAX_AFTER_MB} MB when idle again`);
}
clearInterval(watch);
if (peakMb > MAX_PEAK_MB) count(faults, `more than ${MAX_PEAK_MB} MB`);
egress.kill('SIGKILL');
if ((await readFile(path('audit/audit.000001.jsonl'), 'utf8')).includes('q8/Zr+T1vXw0'))
  count(faults, 'the token is in the audit');
await rm(directory, { recursive: true });

for (const [what, times] of [...counts].toSorted()) console.log(`${String(times).padStart(6)}  ${what}`);
for (const [what, times] of faults) console.error(`FAULT ${times} times: ${what}`);
if (faults.size > 0) console.error(said());
else console.log(`no fault in ${seconds} seconds`);
process.exit(faults.size > 0 ? 1 : 0);
