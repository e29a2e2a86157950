#!/usr/bin/env node
import { chooseBottle } from '../lib/commands/choose-bottle/choose-bottle.ts';
import { chooseSession, openTranscript } from '../lib/commands/transcript/open-transcript.ts';
import { rawTranscript, showTranscript } from '../lib/commands/transcript/show-transcript.ts';
import { eventText, sessionTable } from '../lib/commands/transcript/transcript-text.ts';
import { BottleError } from '../lib/errors.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'transcript',
    summary:
      'print what was said and done in a session of the agent, and what egress and git gate refused meanwhile',
    flags: {
      bottle: { type: 'string', help: 'the bottle, up or kept; asked for on a terminal' },
      session: { type: 'string', help: 'the beginning of a session’s id; default the newest session' },
      follow: { type: 'boolean', help: 'continue as more is written, until the guest ends' },
      list: { type: 'boolean', help: 'list the sessions instead' },
      raw: { type: 'boolean', help: 'print the lines of the agent’s own format' },
      json: { type: 'boolean', help: 'print one event a line as JSON, whole' },
    },
    notes: [
      'Secrets of known kinds, and the bottle’s own, are masked. The agent writes its transcript itself.',
    ],
  });
  if (flags === undefined) return 0;
  const fits = ({ state }: { state: string }) => state !== 'broken';
  const slug = await chooseBottle(flags.bottle, { verb: 'read', kind: 'readable', fits }, signal);
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  const opened = await openTranscript(slug, signal);
  const { sessions, provider, isLive } = opened;
  if (flags.list) {
    if (flags.json)
      print(asciiJson(sessions.map(({ id, file }) => ({ id, modified: file.modified, bytes: file.bytes }))));
    else print(sessionTable(sessions));
    return 0;
  }
  const session = chooseSession(sessions, flags.session);
  if (flags.follow && !isLive) line('the guest is not running; this is what it left');
  const options = { follow: flags.follow && isLive, signal };
  if (flags.raw) {
    for await (const text of rawTranscript(opened, session, options)) {
      if (!process.stdout.writable) break;
      print(text);
    }
    return 0;
  }
  if (provider.transcriptLine === undefined) {
    throw new BottleError(
      'usage',
      `the provider \`${provider.template}\` does not tell how its transcripts are read`,
      {
        hint: 'Print them as they are with FLAGS=--raw, or add `transcriptLine` to the provider.',
      },
    );
  }
  for await (const item of showTranscript(opened, session, options)) {
    // The reader of the pipe may have closed it.
    if (!process.stdout.writable) break;
    if (item.kind === 'notice') line(item.text);
    else print(flags.json ? asciiJson(item.event) : eventText(item.event));
  }
  return 0;
});
