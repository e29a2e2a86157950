import type { ManifestSources } from '../../manifest/find.ts';
import { type Asker, asking, type Choice } from '../../terminal/ask.ts';
import { hasTerminal } from '../../terminal/has-terminal.ts';
import { type Described, describeAgents, describeBottles } from '../list/describe-manifests.ts';
import { requireAgent } from '../list/require-agent.ts';

export interface Chosen {
  agent: string;
  bottles: readonly string[];
}

/** The choice that ends the selection of bottles; cannot be a bottle's name, since it contains a space. */
const DONE = 'no more';

/**
 * Returns the agent and bottles to launch. On a terminal, prompts for what was not given.
 * @throws BottleError `usage`, listing the agents, when none is given and there is no terminal.
 */
export async function chooseLaunch(
  named: { agent: string | undefined; bottles: readonly string[] },
  sources: ManifestSources,
  signal: AbortSignal,
): Promise<Chosen> {
  if (!hasTerminal()) return { ...named, agent: await requireAgent(named.agent, 'launch') };
  const agents = await describeAgents(sources);
  const agent = named.agent || (await asking(signal, (ask) => askAgent(agents, ask)));
  const described = agents.find(({ name }) => name === agent);
  const lacksBottle = described !== undefined && described.bottle === '' && !described.isBroken;
  if (named.bottles.length > 0 || !lacksBottle) return { agent, bottles: named.bottles };
  const bottles = await describeBottles(sources);
  if (bottles.length === 0) return { agent, bottles: [] };
  return { agent, bottles: await asking(signal, (ask) => askBottles(agent, bottles, ask)) };
}

export async function askAgent(agents: readonly Described[], ask: Pick<Asker, 'choose'>): Promise<string> {
  return ask.choose('Launch which agent?', agents.map(asMenuChoice));
}

/** Asks for one bottle at a time, since their order matters: later ones override earlier ones. */
export async function askBottles(
  agent: string,
  bottles: readonly Described[],
  ask: Pick<Asker, 'choose'>,
): Promise<string[]> {
  const picked = [
    await ask.choose(`${agent} names no bottle. Which one should it run in?`, bottles.map(asMenuChoice)),
  ];
  while (picked.length < bottles.length) {
    const rest = bottles.filter(({ name }) => !picked.includes(name));
    const choices = [{ value: DONE, label: DONE }, ...rest.map(asMenuChoice)];
    const next = await ask.choose(`${picked.join(', then ')}; add another on top?`, choices);
    if (next === DONE) break;
    picked.push(next);
  }
  return picked;
}

function asMenuChoice({ name, description, origin }: Described): Choice {
  const from = origin === 'home' ? '' : ` (${origin})`;
  return { value: name, label: description === '' ? name + from : `${name}${from}  ${description}` };
}
