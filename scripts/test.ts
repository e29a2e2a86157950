#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { $, echo, fs } from 'zx';
import { parseFlags } from '../lib/cli/flags.ts';
import { line, paint } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { ensureBaseImage } from '../lib/docker/base-images.ts';
import { ensureEngine } from '../lib/docker/engine.ts';
import { BottleError, messageOf } from '../lib/errors.ts';

const SUITES = ['unit', 'integration', 'contract', 'e2e'] as const;
type Suite = (typeof SUITES)[number];

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
    summary: 'run the test suites that this machine can, one after the other',
    flags: { suite: { type: 'string', help: `only this one: ${SUITES.join(', ')}` } },
    notes: ['Ends with the line: N passed, N failed, N skipped'],
  });
  if (flags === undefined) return 0;
  const suites = SUITES.filter((suite) => flags.suite === undefined || suite === flags.suite);
  if (suites.length === 0)
    throw new BottleError('usage', `there is no suite '${flags.suite}': ${SUITES.join(', ')}`);
  // On a bare machine the engine and its base images take a minute or two, which the unit tests need neither of.
  const containers = suites.every((suite) => suite === 'unit') ? undefined : readyContainers(suites, signal);
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const suite of suites) {
      const counts = await runOrSkip(suite, suite === 'unit' ? undefined : containers, signal);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
    }
  } finally {
    // Whoever stops the engine after us must not find one that is still starting.
    await containers;
  }
  echo(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

async function runOrSkip(
  suite: Suite,
  containers: Promise<string | undefined> | undefined,
  signal: AbortSignal,
): Promise<Counts> {
  signal.throwIfAborted();
  const unable = await containers;
  if (unable === undefined) return runSuite(suite, signal);
  line(`${paint('yellow', 'skipped')}: the suite ${suite}: ${unable}`);
  return { passed: 0, failed: 0, skipped: 1 };
}

/** Readies the engine, and the base images that the suites want. Gives the reason why there can be no containers. */
async function readyContainers(suites: readonly Suite[], signal: AbortSignal): Promise<string | undefined> {
  try {
    await ensureEngine({ say: line });
  } catch (error) {
    return messageOf(error);
  }
  if (!suites.includes('integration') && !suites.includes('e2e')) return undefined;
  // An image that cannot be had is for the tests to tell, each of those that want it.
  const images = ['node', 'registry', 'crane'] as const;
  await Promise.allSettled(images.map((name) => ensureBaseImage(name, { say: line, signal })));
  return undefined;
}

async function runSuite(suite: Suite, signal: AbortSignal): Promise<Counts> {
  const directory = await mkdtemp(join(tmpdir(), 'bk-report-'));
  try {
    return await runInto(join(directory, 'report.json'), suite, signal);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function runInto(output: string, suite: Suite, signal: AbortSignal): Promise<Counts> {
  const run = $({ nothrow: true, signal, stdio: ['ignore', 'inherit', 'inherit'] });
  const { exitCode } =
    await run`node_modules/.bin/vitest run --project ${suite}* --reporter=default --reporter=json --outputFile.json=${output}`;
  signal.throwIfAborted();
  const parsed = report.safeParse(await fs.readJson(output).catch(() => undefined));
  if (!parsed.success) return { passed: 0, failed: 1, skipped: 0 };
  for (const test of passedAtSecondTry(parsed.data)) line(`${paint('yellow', 'flaky')}: ${test}`);
  // A file that did not load has no test to fail, and must count all the same.
  const unloaded = parsed.data.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = parsed.data.numFailedTests + unloaded.length;
  return {
    passed: parsed.data.numPassedTests,
    // What went wrong beside the tests, an error that nothing caught say, is told by vitest's exit code alone.
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: parsed.data.numPendingTests + parsed.data.numTodoTests,
  };
}

/** What CI tried again with success: it failed once all the same, and somebody should know. */
function passedAtSecondTry({ testResults }: Report): string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && (failureMessages ?? []).length > 0)
      .map(({ fullName }) => `${fullName}: passed at the second try`),
  );
}
