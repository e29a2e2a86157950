import { agentOf, yaml } from '../workshop.ts';
import { badBottle, badFile, type GoldenCase } from './golden-case.ts';

/** Files that are not what a manifest is, and YAML that a manifest has no use for. */
export const files: readonly GoldenCase[] = [
  badFile('an empty file', ''),
  badFile('blank lines alone', '\n \n'),
  badFile('no frontmatter', '# A bottle\n'),
  badFile('frontmatter that never ends', '---\nenv: {}\n'),
  badFile('bytes that are not UTF-8', Buffer.from('---\nenv: {}\n---\ncaf\xe9\n', 'latin1')),
  badFile('a file over 1 MiB', `---\n---\n${'x'.repeat(1024 * 1024)}`),
  badFile('frontmatter over 32 KiB', yaml(`# ${'x'.repeat(33_000)}`)),
  badBottle('frontmatter that is a list', '- a'),
  badBottle('a duplicate key', 'egress: {}', 'egress: {}'),
  badBottle('a tab', 'egress:', '\troutes: []'),
  badBottle('an open bracket', 'egress: {routes: ['),
  badBottle('a custom tag', 'egress: !python/object x'),
  badBottle('an alias', 'egress: &a {}', 'agent_provider: *a'),
  badBottle('a key that is a prototype', 'env:', '  __proto__: x'),
  badBottle('a key that is a list', '? [a]', ': b'),
  badBottle('an unknown key', 'egres: {}'),
  badBottle('an unknown key like no other', 'volumes: []'),
  badBottle('a key of a newer version of another tool', 'env: {}', 'ports: [80]', 'image: x'),
  badBottle(
    'several problems, in the order of the file',
    'envs: {}',
    'egress:',
    '  routes:',
    '    - auth: {scheme: basic, token_ref: A}',
    'agent_provider: {template: command}',
  ),
  {
    title: 'an agent that does not exist',
    files: { 'home/agents/dev.md': agentOf('b'), 'examples/agents/demo.md': agentOf('b') },
    agent: 'dmeo',
  },
  { title: 'an agent that does not exist, where none does', files: {} },
  { title: 'an agent that is a path', files: { 'home/agents/dev.md': agentOf('b') }, agent: '../dev' },
  { title: 'a folder of agents that is a file', files: { 'home/agents': 'x' } },
  {
    title: 'a bottle that does not exist',
    files: { 'home/agents/dev.md': agentOf('dve'), 'home/bottles/dev.md': yaml() },
  },
  { title: 'a bottle that does not exist, where none does', files: { 'home/agents/dev.md': agentOf('b') } },
];
