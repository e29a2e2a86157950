import { readMetadata } from '../bottle/metadata.ts';
import type { Plan } from '../plan/schema.ts';
import { type Dress, dressOf } from '../terminal/dress.ts';

/** How the sessions of a bottle appear on a terminal. */
export interface Looks {
  readonly title: string;
  readonly dress: Dress;
  /** Whether the agent may write to the clipboard. */
  readonly clipboard: boolean;
}

export async function looksOf(plan: Plan): Promise<Looks> {
  const { label = '', color = '' } = (await readMetadata(plan.slug)) ?? {};
  const title = label === '' ? plan.agent.name : `${label} (${plan.agent.name})`;
  return { title, dress: dressOf({ title, color }), clipboard: plan.terminal?.clipboard ?? false };
}
