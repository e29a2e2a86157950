import { z } from 'zod';

const leftOut = z.strictObject({
  path: z.string(),
  /** `secret`: looks like one; `name`: no text, or no file; `repository`: another repository within. */
  reason: z.enum(['secret', 'name', 'repository']),
});

const common = {
  /** Absolute path on the host. */
  root: z.string(),
  takeSecrets: z.boolean(),
  /** What stays out, as it was when the bottle was prepared; the copy looks again. */
  leftOut: z.array(leftOut),
};

/** The directory of the host that the agent works on a copy of. */
export const planWorkspace = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('repository'),
    ...common,
    /** Short name of the branch; empty when HEAD is detached. */
    branch: z.string(),
    changed: z.number().int(),
    untracked: z.number().int(),
    /** Directories of submodules that go along. */
    submodules: z.array(z.string()),
    /** Files with names of secrets that are part of commits. */
    committedSecrets: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('folder'), ...common, files: z.number().int(), bytes: z.number().int() }),
]);
export type PlanWorkspace = z.infer<typeof planWorkspace>;

/** What the operator chose for the copy. */
export interface WorkspaceChoice {
  readonly takeSecrets: boolean;
  /** Bytes that a folder may have; a repository has no limit. */
  readonly maxBytes: number;
}

/** Bytes of a folder that are copied without being asked for. */
export const DEFAULT_MAX_BYTES = 1024 ** 3;

/** Returns the copy's place in the guest. */
export function guestWorkspace(home: string): string {
  return `${home}/workspace`;
}
