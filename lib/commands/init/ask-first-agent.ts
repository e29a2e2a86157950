import { parseCommandString } from 'execa';
import { BottleError, messageOf } from '../../errors.ts';
import { routeHost } from '../../manifest/schema/route-host.ts';
import { variableName } from '../../manifest/schema/variable-name.ts';
import type { LoadedProvider } from '../../providers/loaded-provider.ts';
import { ownTemplates, providerFor } from '../../providers/registry.ts';
import type { Asker, Check, Choice } from '../../terminal/ask.ts';
import { assertFree, type FirstAgent } from './init.ts';

const TEMPLATES = [
  { value: 'claude', label: 'claude', description: 'Claude Code' },
  { value: 'codex', label: 'codex', description: 'OpenAI Codex' },
  { value: 'pi', label: 'pi', description: 'pi, of earendil-works' },
  { value: 'command', label: 'command', description: 'any program in an image of your own' },
];

/** The choice of a credential that the bottle brings itself; no kind can be named so. */
const OWN_CREDENTIAL = 'none of these';

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
  const template = await ask.choose('What runs in it?', await templates(home));
  const provider = await providerFor(template, home);
  const command = provider.command === undefined ? await askCommand(ask) : [];
  const credential = await askCredential(provider, ask);
  const hasImage = provider.dockerfile !== undefined;
  const dockerfile = await ask.text(
    hasImage ? 'Dockerfile of its image (empty: the provider’s own):' : 'Dockerfile of its image:',
    hasImage ? {} : { check: required },
  );
  const hosts = words(
    await ask.text('Hosts that it may reach, separated by spaces (empty: none):', { check: areHosts }),
  );
  const prompt = await ask.text('Its system prompt, on one line (`make edit` for more):');
  return { agent, bottle, template, command, credential, dockerfile: dockerfile.trim(), hosts, prompt };
}

/** The built-in providers, then the operator's own. */
async function templates(home: string): Promise<Choice[]> {
  const own = await ownTemplates(home);
  return [
    ...TEMPLATES,
    ...own.map((name) => ({ value: name, label: name, description: 'a provider of your own' })),
  ];
}

async function askCommand(ask: Asker): Promise<string[]> {
  const line = await ask.text(
    'Program and arguments, separated by spaces (`\\ ` within a word; empty: the image’s own):',
  );
  return line.trim() === '' ? [] : parseCommandString(line);
}

async function askCredential({ credentials }: LoadedProvider, ask: Asker): Promise<FirstAgent['credential']> {
  const kinds = Object.entries(credentials);
  if (kinds.length === 0) return undefined;
  const kind = await ask.choose('What does it sign in with?', [
    ...kinds.map(([name, { title }]) => ({ value: name, label: `${name}  ${title}` })),
    { value: OWN_CREDENTIAL, label: `${OWN_CREDENTIAL}: the bottle brings its own`, description: '' },
  ]);
  const chosen = credentials[kind];
  if (chosen === undefined) return undefined;
  if (chosen.signIn !== undefined) return { kind };
  const [usual = ''] = Object.keys(chosen.environment ?? {});
  const variable = await ask.text('Variable of your shell that holds it:', {
    initial: usual,
    check: isVariable,
  });
  return { kind, token_ref: variable };
}

function isVariable(text: string): string | undefined {
  const [issue] = variableName.safeParse(text).error?.issues ?? [];
  return issue && `${text} ${issue.message}.`;
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
