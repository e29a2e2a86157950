#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { $, echo, fs } from 'zx';
import { parseFlags } from '../lib/cli/flags.ts';
import { line, paint } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
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
  const unable = suites.every((suite) => suite === 'unit') ? undefined : await reasonAgainstContainers();
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of suites) {
    signal.throwIfAborted();
    if (suite !== 'unit' && unable !== undefined) {
      line(`${paint('yellow', 'skipped')}: the suite ${suite}: ${unable}`);
      total.skipped += 1;
      continue;
    }
    const counts = await runSuite(suite, signal);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  echo(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

async function reasonAgainstContainers(): Promise<string | undefined> {
  try {
    await ensureEngine({ say: line });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
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
  await run`node_modules/.bin/vitest run --project ${suite}* --reporter=default --reporter=json --outputFile.json=${output}`;
  signal.throwIfAborted();
  const parsed = report.safeParse(await fs.readJson(output).catch(() => undefined));
  if (!parsed.success) return { passed: 0, failed: 1, skipped: 0 };
  for (const test of passedAtSecondTry(parsed.data)) line(`${paint('yellow', 'flaky')}: ${test}`);
  // A file that did not load has no test to fail, and must count all the same.
  const unloaded = parsed.data.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: parsed.data.numPassedTests,
    failed: parsed.data.numFailedTests + unloaded.length,
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
