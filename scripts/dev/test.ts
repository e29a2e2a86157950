#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { $, echo, fs } from 'zx';
import { ensureBaseImage } from '../../lib/docker/base-images.ts';
import { ensureEngine } from '../../lib/docker/engine.ts';
import { BottleError, messageOf } from '../../lib/errors.ts';
import { parseFlags } from '../../lib/terminal/flags.ts';
import { line, paint } from '../../lib/terminal/output.ts';
import { runScript } from '../../lib/terminal/run-script.ts';

const SUITES = ['unit', 'integration', 'contract', 'e2e'] as const;
type Suite = (typeof SUITES)[number];

/**
 * Suites that follow the unit tests. Suites in one lane run in sequence, since they count what the engine
 * holds. Lanes run concurrently, since one mostly waits for containers and the other for guests.
 */
const LANES: readonly (readonly Suite[])[] = [['integration', 'e2e'], ['contract']];

const report = z.looseObject({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.looseObject({
      status: z.string(),
      assertionResults: z.array(
        z.looseObject({
          status: z.string(),
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});
type Report = z.infer<typeof report>;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'test',
    file: 'scripts/dev/test.ts',
    summary: 'run the test suites that can run on this machine',
    flags: {
      suite: { type: 'string', help: `only this suite: ${SUITES.join(', ')}` },
      only: { type: 'string', help: 'only files whose paths contain this' },
    },
    notes: ['The last line is: N passed, N failed, N skipped'],
  });
  if (flags === undefined) return 0;
  const suites = SUITES.filter((suite) => flags.suite === undefined || suite === flags.suite);
  if (suites.length === 0)
    throw new BottleError('usage', `'${flags.suite}' is not a test suite`, {
      hint: `Suites: ${SUITES.join(', ')}.`,
    });
  const counts: Counts[] = [];
  // Prepared concurrently: engine and base images can take a minute or two, and unit tests do not need them.
  const containers = suites.every((suite) => suite === 'unit') ? undefined : readyContainers(suites, signal);
  try {
    if (suites.includes('unit'))
      counts.push(await runSuite('unit', { held: false, signal, only: flags.only }));
  } finally {
    // The engine must not still be starting when we exit, or a later stop would miss it.
    await containers;
  }
  counts.push(...(await runLanes(suites, await containers, { signal, only: flags.only })));
  const sum = (of: keyof Counts) => counts.reduce((total, each) => total + each[of], 0);
  echo(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
});

/** Runs the lanes. `unable` is the reason why there are no containers, if any. */
async function runLanes(
  suites: readonly Suite[],
  unable: string | undefined,
  options: Omit<RunOptions, 'held'>,
): Promise<Counts[]> {
  const lanes = LANES.map((lane) => lane.filter((suite) => suites.includes(suite)));
  const wanted = lanes.filter((lane) => lane.length > 0);
  const runLane = async (lane: readonly Suite[], held: boolean) => {
    const counts: Counts[] = [];
    for (const suite of lane) counts.push(await runSuite(suite, { ...options, held }));
    return counts;
  };
  if (unable === undefined) {
    const runs = wanted.map((lane, index) => runLane(lane, index > 0));
    // Wait for all lanes, so that none is still running when one fails.
    await Promise.allSettled(runs);
    return (await Promise.all(runs)).flat();
  }
  for (const suite of wanted.flat()) line(`${paint('yellow', 'skipped')}: the suite ${suite}: ${unable}`);
  return wanted.flat().map(() => ({ passed: 0, failed: 0, skipped: 1 }));
}

/**
 * Prepares the engine and the base images that the suites need.
 * @returns the reason why there are no containers; undefined when there are.
 */
async function readyContainers(suites: readonly Suite[], signal: AbortSignal): Promise<string | undefined> {
  try {
    await ensureEngine({ say: line });
  } catch (error) {
    return messageOf(error);
  }
  if (!suites.includes('integration') && !suites.includes('e2e')) return undefined;
  // The tests that need an image report it when it is unavailable.
  const images = ['node', 'registry', 'crane'] as const;
  await Promise.allSettled(images.map((name) => ensureBaseImage(name, { say: line, signal })));
  return undefined;
}

interface RunOptions {
  /** Whether to buffer the output until the suite ends, since another suite prints meanwhile. */
  held: boolean;
  signal: AbortSignal;
  /** Part of the paths of the files to run; undefined for all. */
  only: string | undefined;
}

async function runSuite(suite: Suite, options: RunOptions): Promise<Counts> {
  options.signal.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), 'bk-report-'));
  try {
    return await runInto(join(directory, 'report.json'), suite, options);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function runInto(output: string, suite: Suite, { held, signal, only }: RunOptions): Promise<Counts> {
  const filter = only === undefined ? [] : [only];
  const stdio = held ? 'pipe' : 'inherit';
  const run = $({ nothrow: true, quiet: true, signal, stdio: ['ignore', stdio, stdio] });
  const { exitCode, stdall } =
    await run`node_modules/.bin/vitest run ${filter} --project ${suite}* --reporter=default --reporter=json --outputFile.json=${output}`;
  if (held) line(stdall);
  signal.throwIfAborted();
  const parsed = report.safeParse(await fs.readJson(output).catch(() => undefined));
  if (!parsed.success) return { passed: 0, failed: 1, skipped: 0 };
  for (const test of passedOnRetry(parsed.data)) line(`${paint('yellow', 'flaky')}: ${test}`);
  for (const [what, tests] of skippedGroups(parsed.data))
    line(`${paint('yellow', 'skipped')}: ${what}: ${tests}`);
  // A file that failed to load contains no failed test, but must count as a failure.
  const unloaded = parsed.data.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = parsed.data.numFailedTests + unloaded.length;
  return {
    passed: parsed.data.numPassedTests,
    // Failures outside tests, such as uncaught errors, show only in vitest's exit code.
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: parsed.data.numPendingTests + parsed.data.numTodoTests,
  };
}

/** Lists tests that passed only on a retry in CI. */
function passedOnRetry({ testResults }: Report): string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && (failureMessages ?? []).length > 0)
      .map(({ fullName }) => `${fullName}: passed on a retry`),
  );
}

/** Counts skipped tests by the title that says why they were skipped, else by their own name. */
function skippedGroups({ testResults }: Report): Map<string, number> {
  const groups = new Map<string, number>();
  for (const { status, ancestorTitles, title, fullName } of testResults.flatMap(
    (file) => file.assertionResults,
  )) {
    if (!['skipped', 'pending', 'todo'].includes(status)) continue;
    const group = [...ancestorTitles, title].find((each) => each.includes('(skipped: ')) ?? fullName;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return groups;
}
