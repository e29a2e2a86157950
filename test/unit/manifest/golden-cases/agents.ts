import { agentOf, yaml } from '../../../support/manifest-workspace.ts';
import { badAgent, type GoldenCase } from './golden-case.ts';

export const agents: readonly GoldenCase[] = [
  badAgent('a misspelled key', 'botle: b'),
  badAgent('a bottle that is a path', 'bottle: ../../etc/x'),
  badAgent('a bottle that is a list', 'bottle: [b]'),
  badAgent('skills that are a string', 'bottle: b', 'skills: review'),
  badAgent('a skill that is a path', 'bottle: b', 'skills: [review, ../x]'),
  badAgent('a skill with an uppercase letter', 'bottle: b', 'skills:', '  - Review'),
  badAgent('an agent with env', 'bottle: b', 'env: {A: b}'),
  badAgent('an agent with egress', 'bottle: b', 'egress: {routes: []}'),
  badAgent('an agent with supervise', 'bottle: b', 'supervise: false'),
  badAgent('an agent with a provider', 'bottle: b', 'agent_provider: {template: codex}'),
  badAgent('an agent that extends', 'bottle: b', 'extends: other'),
  badAgent('an agent with repositories', 'bottle: b', 'git-gate:', '  repos: {}'),
  badAgent('an agent from before git-gate', 'bottle: b', 'git:', '  user: {name: A}'),
  badAgent('an empty identity', 'bottle: b', 'git-gate: {user: {name: ""}}'),
  badAgent('an unknown key of the identity', 'bottle: b', 'git-gate:', '  user: {name: A, mail: b}'),
  badAgent('an agent without a bottle', 'skills: []'),
  { title: 'an agent without a bottle when there are none', files: { 'home/agents/dev.md': yaml() } },
  {
    title: 'a bottle chosen at launch that does not exist',
    files: { 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': yaml(), 'home/bottles/web.md': yaml() },
    bottles: ['b', 'wbe'],
  },
  {
    title: 'a bottle chosen at launch that is a path',
    files: { 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': yaml() },
    bottles: ['../b'],
  },
];
