import type { Dialect } from './dialect.ts';
import type { Forge } from './forges.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

export const DIALECTS: Readonly<Record<Forge, Dialect>> = {
  gitea: gitea('Gitea'),
  forgejo: gitea('Forgejo'),
  github,
  gitlab,
};
