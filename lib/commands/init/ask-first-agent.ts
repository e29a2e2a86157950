import { parseCommandString } from 'execa';
import { BottleError, messageOf } from '../../errors.ts';
import { routeHost } from '../../manifest/schema/route-host.ts';
import type { Asker, Check } from '../../terminal/ask.ts';
import { assertFree, type FirstAgent } from './init.ts';

const TEMPLATES = [
  { value: 'claude', label: 'claude', description: 'Claude Code' },
  { value: 'codex', label: 'codex', description: 'OpenAI Codex' },
  { value: 'command', label: 'command', description: 'any program in an image of your own' },
];

/** Asks the questions of `init`, skipping what is known. `home` is the directory for the new files. */
export async function askFirstAgent(
  known: { agent?: string | undefined; bottle?: string | undefined },
  home: string,
  ask: Asker,
): Promise<FirstAgent> {
  const free =
    (kind: 'agents' | 'bottles'): Check =>
    (name) =>
      assertFree(kind, name, home).then(() => undefined, reasonOf);
  const agent =
    known.agent || (await ask.text('Name of the agent:', { initial: 'helper', check: free('agents') }));
  const bottle =
    known.bottle || (await ask.text('Name of its bottle:', { initial: agent, check: free('bottles') }));
  const template = await ask.choose('What runs in it?', TEMPLATES);
  const isCommand = template === 'command';
  const command = isCommand
    ? parseCommandString(
        await ask.text('Program and arguments, separated by spaces (`\\ ` within a word):', {
          check: required,
        }),
      )
    : [];
  const dockerfile = await ask.text(
    isCommand ? 'Dockerfile of its image:' : 'Dockerfile of its image (empty: the provider’s own):',
    isCommand ? { check: required } : {},
  );
  const hosts = words(
    await ask.text('Hosts that it may reach, separated by spaces (empty: none):', { check: areHosts }),
  );
  const prompt = await ask.text('Its system prompt, on one line (`make edit` for more):');
  return { agent, bottle, template, command, dockerfile: dockerfile.trim(), hosts, prompt };
}

function reasonOf(error: unknown): string {
  const hint = error instanceof BottleError && error.hint !== undefined ? `: ${error.hint}` : '';
  return `${messageOf(error)}${hint}`;
}

function words(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))];
}

function areHosts(text: string): string | undefined {
  for (const host of words(text)) {
    const [issue] = routeHost.safeParse(host).error?.issues ?? [];
    if (issue !== undefined) return `${host} ${issue.message}.`;
  }
  return undefined;
}

function required(text: string): string | undefined {
  return text.trim() === '' ? 'A value is required.' : undefined;
}
