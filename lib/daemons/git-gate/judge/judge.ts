import { printable } from '../../shared/ascii-json.ts';
import type { Check, CheckResult, Pending } from './check.ts';
import { rules } from './rules.ts';
import { secrets } from './secrets.ts';
import { sizes } from './sizes.ts';

/** In the order in which they run: what is cheap to know comes first. */
const CHECKS: readonly Check[] = [rules, sizes, secrets];

/** Faults that are told of one check. */
const MAX_TOLD = 20;

export interface Judgement {
  readonly ok: boolean;
  readonly results: readonly CheckResult[];
  /** For the agent: everything that is wrong, in one message. */
  readonly text: string;
}

/** Runs all checks, whatever the earlier ones say. A check that cannot come to an end has found a fault. */
export async function judge(pending: Pending): Promise<Judgement> {
  const results: CheckResult[] = [];
  for (const check of CHECKS) {
    const faults = await check
      .run(pending)
      .catch((error: unknown) => [
        `cannot be checked: ${error instanceof Error ? error.message : 'unknown'}`,
      ]);
    results.push({ check: check.name, faults: faults.map(printable) });
  }
  const failed = results.filter(({ faults }) => faults.length > 0);
  return { ok: failed.length === 0, results, text: failed.length === 0 ? '' : messageOf(failed, pending) };
}

function messageOf(failed: readonly CheckResult[], { supervised }: Pending): string {
  const told = failed.flatMap(({ check, faults }) => [
    ...faults.slice(0, MAX_TOLD).map((fault) => `  ${check}: ${fault}`),
    ...(faults.length > MAX_TOLD ? [`  ${check}: and ${faults.length - MAX_TOLD} more`] : []),
  ]);
  const hasContent = failed.some(({ check }) => check !== rules.name);
  const asksPerson = supervised && failed.some(({ check }) => check === secrets.name);
  const advice = [...(hasContent ? REWRITE : []), ...(asksPerson ? ASK_PERSON : [])];
  return ['git gate: nothing of this push was taken:', ...told, ...advice].join('\n');
}

const REWRITE = [
  '  Comments such as `gitleaks:allow` and files such as .gitleaks.toml let nothing pass: only a person can, by the id in',
  '  parentheses.',
  '  A later commit that removes it does not help: rewrite the commits that hold it, with',
  '  `git commit --amend` for the last one, or `git rebase -i` and `edit` for an earlier one; then push again.',
];

const ASK_PERSON = [
  '  If it is no secret, ask for it with the tool `git-allow` of the MCP server `supervise`, by the id in parentheses.',
];
