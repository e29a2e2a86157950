import { mintSlug, slugOfLabel } from '../../bottle/slug.ts';
import { type BottleError, errorOfProblems } from '../../errors.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Host } from '../../prepare/host.ts';
import { type LaunchChoice, preflight, resolvedOf } from '../../prepare/preflight.ts';
import { resolvePlan } from '../../prepare/resolve-plan.ts';

export interface Preview {
  /** What a launch would do; undefined when problems prevent a plan. */
  plan: Plan | undefined;
  /** The problems that prevent the launch, if any. */
  error: BottleError | undefined;
  warnings: readonly string[];
}

/** Resolves and checks a launch as `prepare` does, without creating anything. */
export async function previewLaunch(choice: LaunchChoice & { label: string }, host: Host): Promise<Preview> {
  const slug = slugOfLabel(choice.label) ?? mintSlug(choice.agent);
  const checked = await preflight({ ...choice, slug }, host);
  const resolved = resolvedOf(checked);
  const [first, ...others] = checked.problems;
  return {
    plan: resolved && resolvePlan(resolved),
    error: first && errorOfProblems([first, ...others]),
    warnings: checked.manifest?.warnings ?? [],
  };
}
