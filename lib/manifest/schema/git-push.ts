import { z } from 'zod';
import type { GitPush } from '../types.ts';
import { fail } from './rule.ts';

/** What git forbids in a branch name, beside `*`, which is the glob's. */
const FORBIDDEN = /[\s\p{Cc}~^:?[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/u;
const MAX_LENGTH = 200;

const branchGlob = z.string().superRefine((text, context) => {
  if (text.startsWith('refs/')) {
    fail(context, 'is a full ref', 'Write the branch alone, without `refs/heads/`.');
  } else if (text === '' || text.length > MAX_LENGTH || FORBIDDEN.test(text)) {
    fail(
      context,
      'is not a pattern of branch names',
      'Write, for example, `agent/*`; `**` also matches slashes.',
    );
  }
});

const flag = (byDefault: boolean, description: string) =>
  z.boolean().nullish().meta({ description, default: byDefault });

const rules = z.strictObject({
  branches: z.array(branchGlob).nullish().meta({
    description:
      'Patterns of branches that may be pushed, such as `agent/*`. Absent: any but the upstream’s default branch.',
  }),
  create: flag(true, 'Whether a push may make branches that the upstream does not have.'),
  force: flag(false, 'Whether a push may drop commits that the upstream has.'),
  delete: flag(false, 'Whether a push may delete branches; with `tags`, tags too.'),
  tags: flag(false, 'Whether a push may make tags; with `force`, move them.'),
});

/** `push` of a repository: `false` for none, or what a push may do. */
export const gitPush = z
  .union([z.literal(false), rules])
  .nullish()
  .transform((push): GitPush => {
    if (push === false) return false;
    return {
      branches: push?.branches ?? null,
      create: push?.create ?? true,
      force: push?.force ?? false,
      delete: push?.delete ?? false,
      tags: push?.tags ?? false,
    };
  })
  .meta({
    description:
      'What a push may do; `false`: nothing. By default: new commits on any branch but the default one, and new branches.',
  });
