#!/usr/bin/env node
import { asking } from '../lib/cli/ask.ts';
import { errorText } from '../lib/cli/error-text.ts';
import { parseFlags } from '../lib/cli/flags.ts';
import { line } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { findEditable, openEditor, validateManifest } from '../lib/commands/edit.ts';
import { requireAgent } from '../lib/commands/require-agent.ts';
import { BottleError } from '../lib/errors.ts';
import { hasTerminal } from '../lib/host/terminal.ts';
import { manifestSources } from '../lib/manifest/sources.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'edit',
    summary: 'open an agent or a bottle in $VISUAL or $EDITOR, and check it afterwards',
    flags: {
      agent: { type: 'string', help: 'the agent' },
      bottle: { type: 'string', help: 'a bottle’s manifest instead of an agent’s' },
    },
  });
  if (flags === undefined) return 0;
  if (flags.agent && flags.bottle) {
    throw new BottleError('usage', 'an agent and a bottle are named, and one file can be edited', {
      hint: 'Give AGENT or BOTTLE.',
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
      if (flags.verbosity !== 'quiet') line(`${found.file} is in order`);
      return 0;
    } catch (error) {
      if (!(error instanceof BottleError) || !hasTerminal()) throw error;
      line(errorText(error));
      if (!(await asking(signal, (ask) => ask.confirm('Edit it again?', true)))) return error.exitCode;
    }
  }
});
