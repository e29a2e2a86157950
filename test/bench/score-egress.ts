#!/usr/bin/env node
/**
 * Scores egress by agent-egress-bench (github.com/luckyPipewrench/agent-egress-bench), which is not part of
 * this project: `--corpus DIR` or `AGENT_EGRESS_BENCH` gives the directory of its cases.
 */
import { existsSync } from 'node:fs';
import type { Route } from '../../lib/daemons/contract/egress/routes.ts';
import { normalizeHost } from '../../lib/daemons/egress/http/host-names.ts';
import { toolFlags } from '../support/tool-flags.ts';
import { type CorpusCase, isOutside, readCorpus } from './corpus-case.ts';
import { exchangesOf } from './corpus-request.ts';
import { type Outcome, openStage } from './score-stage.ts';

interface Scored {
  readonly test: CorpusCase;
  readonly passed: boolean;
  readonly outcomes: readonly Outcome[];
}

const percent = (part: number, whole: number) =>
  whole === 0 ? 'n/a' : `${((100 * part) / whole).toFixed(1)} % (${part} of ${whole})`;

/**
 * Makes a route for every host in the cases: the exact name, or a wildcard under the last two labels of
 * longer ones.
 */
function routesFor(cases: readonly CorpusCase[], ports: { plain: number; secure: number }): Route[] {
  const routes = new Map<string, Route>();
  for (const { host: text, secure } of cases.flatMap(exchangesOf)) {
    const host = normalizeHost(text);
    if (host === undefined) continue;
    const labels = host.split('.');
    const pattern = labels.length > 2 && secure ? `*.${labels.slice(-2).join('.')}` : host;
    routes.set(pattern, {
      host: pattern,
      port: secure ? ports.secure : ports.plain,
      private: true,
      dlp: { outbound_on_match: 'block' },
    });
  }
  return [...routes.values()];
}

async function score(cases: readonly CorpusCase[], allowed: readonly CorpusCase[]): Promise<Scored[]> {
  const stage = await openStage((ports) => routesFor(allowed, ports));
  const scored: Scored[] = [];
  for (const test of cases) {
    const outcomes: Outcome[] = [];
    for (const exchange of exchangesOf(test)) outcomes.push(await stage.play(exchange));
    scored.push({ test, outcomes, passed: outcomes.every(({ passed }) => passed) });
  }
  await stage.close();
  return scored;
}

/** Reasons that name what was found, rather than that the host or protocol is not allowed. */
const NAMES_IT = new Set([
  'secret-found',
  'injection-found',
  'line-injection',
  'host-invalid',
  'address-refused',
  'body-unscannable',
  'frame-invalid',
]);

function print(title: string, scored: readonly Scored[]): void {
  const attacks = scored.filter(({ test }) => test.expected_verdict === 'block');
  const benign = scored.filter(({ test }) => test.expected_verdict === 'allow');
  const stopped = attacks.filter(({ passed }) => !passed);
  const blockedBenign = benign.filter(({ passed }) => !passed);
  const named = stopped.filter(({ outcomes }) => outcomes.some(({ reason }) => NAMES_IT.has(reason ?? '')));
  const proven = stopped.filter(({ outcomes }) => outcomes.some(({ entry }) => entry?.reason !== undefined));
  console.log(`\n${title}`);
  console.log(`  containment      ${percent(stopped.length, attacks.length)}`);
  console.log(`  false positives  ${percent(blockedBenign.length, benign.length)}`);
  console.log(`  detection        ${percent(named.length, attacks.length)}`);
  console.log(`  evidence         ${percent(proven.length, stopped.length)}`);
  const because = ({ outcomes }: Scored) =>
    outcomes
      .map(({ reason, entry }) => `${reason ?? 'passed'}${entry?.secrets ? ` ${entry.secrets}` : ''}`)
      .join(', ');
  for (const miss of attacks.filter(({ passed }) => passed))
    console.log(`  missed           ${miss.test.id}`);
  for (const miss of blockedBenign) console.log(`  false positive   ${miss.test.id}: ${because(miss)}`);
  for (const other of stopped.filter((entry) => !named.includes(entry))) {
    console.log(`  stopped unnamed  ${other.test.id}: ${because(other)}`);
  }
}

const flags = toolFlags({
  name: 'score-egress',
  file: 'test/bench/score-egress.ts',
  summary: 'score egress by the corpus agent-egress-bench',
  flags: { corpus: { type: 'string', help: 'directory of its cases (AGENT_EGRESS_BENCH)' } },
});
const corpus = flags.corpus ?? process.env.AGENT_EGRESS_BENCH;
if (corpus === undefined || !existsSync(corpus)) {
  console.log(
    `skipped: the corpus is not at ${corpus ?? 'any place named by --corpus or AGENT_EGRESS_BENCH'}`,
  );
} else {
  const cases = await readCorpus(corpus);
  const inside = cases.filter((test) => !isOutside(test));
  print(
    `Every host of the corpus let out: what the scans alone stop (${inside.length} cases)`,
    await score(inside, inside),
  );
  const benign = inside.filter(({ expected_verdict }) => expected_verdict === 'allow');
  print(
    `Only the benign hosts let out: what a bottle stops (${inside.length} cases)`,
    await score(inside, benign),
  );
  const outside = cases.filter(isOutside);
  console.log(`\nOutside an HTTP proxy, not scored (MCP on standard streams): ${outside.length}`);
  for (const { id } of outside) console.log(`  ${id}`);
}
