#!/usr/bin/env node
import { findEditable, openEditor, validateManifest } from '../lib/commands/edit/edit.ts';
import { requireAgent } from '../lib/commands/list/require-agent.ts';
import { BottleError } from '../lib/errors.ts';
import { manifestSources } from '../lib/manifest/sources.ts';
import { asking } from '../lib/terminal/ask.ts';
import { errorText } from '../lib/terminal/error-text.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { hasTerminal } from '../lib/terminal/has-terminal.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'edit',
    summary: 'open an agent or a bottle in $VISUAL or $EDITOR, then check it',
    flags: {
      agent: { type: 'string', help: 'the agent' },
      bottle: { type: 'string', help: 'edit this bottle instead of an agent' },
    },
  });
  if (flags === undefined) return 0;
  if (flags.agent && flags.bottle) {
    throw new BottleError('usage', 'both an agent and a bottle are given, but only one can be edited', {
      hint: 'Give either AGENT or BOTTLE.',
    });
  }
  const sources = manifestSources();
  const kind = flags.bottle ? 'bottles' : 'agents';
  const name = flags.bottle || (await requireAgent(flags.agent, 'edit'));
  const found = await findEditable(kind, name, sources);
  for (;;) {
    await openEditor(found.file);
    try {
      await validateManifest(kind, found, sources);
      if (flags.verbosity !== 'quiet') line(`${found.file} is valid`);
      return 0;
    } catch (error) {
      if (!(error instanceof BottleError) || !hasTerminal()) throw error;
      line(errorText(error));
      if (!(await asking(signal, (ask) => ask.confirm('Edit it again?', true)))) return error.exitCode;
    }
  }
});
