import type { FirstAgent } from '../commands/init.ts';
import { isManifestName, NAME_RULE } from '../manifest/name.ts';
import type { Asker } from './ask.ts';

const TEMPLATES = [
  { value: 'claude', label: 'claude', description: 'Claude Code' },
  { value: 'codex', label: 'codex', description: 'OpenAI Codex' },
  { value: 'command', label: 'command', description: 'any program of an image of yours' },
];

/** The questions of `init`, in their order; what is known already is not asked. */
export async function askFirstAgent(
  known: { agent?: string | undefined; bottle?: string | undefined },
  ask: Asker,
): Promise<FirstAgent> {
  const named = { check: (text: string) => (isManifestName(text) ? undefined : `${NAME_RULE}.`) };
  const agent = known.agent || (await ask.text('Name of the agent:', { initial: 'helper', ...named }));
  const bottle = known.bottle || (await ask.text('Name of its bottle:', { initial: agent, ...named }));
  const template = await ask.choose('What runs in it?', TEMPLATES);
  const isCommand = template === 'command';
  const command = isCommand
    ? words(await ask.text('Program and arguments, by blanks:', { check: required }))
    : [];
  const dockerfile = await ask.text(
    isCommand ? 'Dockerfile of its image:' : 'Dockerfile of its image (empty: the provider’s own):',
    isCommand ? { check: required } : {},
  );
  const hosts = words(await ask.text('Hosts that it may reach, by blanks (empty: none):'));
  const prompt = await ask.text('Its system prompt, in a line (more with `make edit`):');
  return { agent, bottle, template, command, dockerfile: dockerfile.trim(), hosts, prompt };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function required(text: string): string | undefined {
  return text.trim() === '' ? 'This is needed.' : undefined;
}
