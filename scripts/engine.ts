#!/usr/bin/env node
import { askEngine } from '../lib/docker/engine/ask.ts';
import { startedByKit } from '../lib/docker/engine/record.ts';
import { ensureEngine, stopEngine } from '../lib/docker/engine.ts';
import { BottleError } from '../lib/errors.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

const COMMAND = {
  name: 'engine',
  summary: "start, stop or show this machine's Docker engine: engine.ts start|stop|status",
  flags: { json: { type: 'boolean', help: 'print the outcome as JSON on stdout' } },
  notes: [
    'start   start an engine when none answers, installing it if needed (Debian, as root); BOT_BOTTLE_ENGINE=none forbids it',
    'stop    stop the engine and its containers, only if the kit started it',
    'status  exit with 0 when an engine answers, 69 when none does',
  ],
} as const;

await runScript(async ({ signal }) => {
  const [verb, ...rest] = process.argv.slice(2);
  const flags = parseFlags(
    COMMAND,
    verb === undefined || verb.startsWith('-') ? process.argv.slice(2) : rest,
  );
  if (flags === undefined) return 0;
  const say = (text: string) => {
    if (flags.verbosity !== 'quiet') line(text);
  };
  const report = (text: string, outcome: object) => {
    if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    else say(text);
  };

  if (verb === 'start') {
    const info = await ensureEngine({ say, signal });
    report(`Docker ${info.version} is running${info.startedByUs ? ', just started' : ''}`, info);
    return 0;
  }
  if (verb === 'stop') {
    const stopped = await stopEngine();
    report(
      stopped ? 'the Docker engine was stopped' : 'the kit has not started a Docker engine: nothing to stop',
      {
        stopped,
      },
    );
    return 0;
  }
  if (verb === 'status') {
    const answer = await askEngine();
    const running = answer.state === 'running';
    const byKit = running && (await startedByKit()) !== undefined;
    report(
      running
        ? `Docker ${answer.version} is running${byKit ? '; the kit started it' : ''}`
        : `no Docker engine answers: ${answer.said}`,
      { running, version: running ? answer.version : null, startedByKit: byKit },
    );
    return running ? 0 : 69;
  }
  throw new BottleError('usage', verb ? `unknown verb '${verb}'` : 'a verb is missing', {
    hint: 'Use start, stop or status; see node scripts/engine.ts --help',
  });
});
