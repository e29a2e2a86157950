import { agentOf, yaml } from '../../../support/manifest-workspace.ts';
import { badBottle, badFile, type GoldenCase } from './golden-case.ts';

/** Files that are not manifests, and YAML that manifests do not allow. */
export const files: readonly GoldenCase[] = [
  badFile('an empty file', ''),
  badFile('only blank lines', '\n \n'),
  badFile('no frontmatter', '# A bottle\n'),
  badFile('frontmatter that is never closed', '---\nenv: {}\n'),
  badFile('bytes that are not UTF-8', Buffer.from('---\nenv: {}\n---\ncaf\xe9\n', 'latin1')),
  badFile('a file over 1 MiB', `---\n---\n${'x'.repeat(1024 * 1024)}`),
  badFile('frontmatter over 32 KiB', yaml(`# ${'x'.repeat(33_000)}`)),
  badBottle('frontmatter that is a list', '- a'),
  badBottle('a duplicate key', 'egress: {}', 'egress: {}'),
  badBottle('a tab', 'egress:', '\troutes: []'),
  badBottle('an open bracket', 'egress: {routes: ['),
  badBottle('excessive nesting', `egress: ${'['.repeat(2000)}`),
  badBottle('a broken escape, which may be part of a secret', 'env:', '  A: "\\q"'),
  badBottle('a custom tag', 'egress: !python/object x'),
  badBottle('an alias', 'egress: &a {}', 'agent_provider: *a'),
  badBottle('a key named __proto__', 'env:', '  __proto__: x'),
  badBottle('a key that is a list', '? [a]', ': b'),
  badBottle('a second document', 'supervise: true', '...', 'egress: {}'),
  badBottle('an unknown key', 'egres: {}'),
  badBottle('an unknown key without a similar one', 'volumes: []'),
  badBottle('a key of a newer version of another tool', 'env: {}', 'ports: [80]', 'image: x'),
  badBottle(
    'several problems, in file order',
    'envs: {}',
    'egress:',
    '  routes:',
    '    - auth: {scheme: basic, token_ref: A}',
    'agent_provider: {template: command, command: []}',
  ),
  {
    title: 'an agent that does not exist',
    files: { 'home/agents/dev.md': agentOf('b'), 'examples/agents/demo.md': agentOf('b') },
    agent: 'dmeo',
  },
  { title: 'an agent that does not exist when there are none', files: {} },
  { title: 'an agent that is a path', files: { 'home/agents/dev.md': agentOf('b') }, agent: '../dev' },
  { title: 'a link to nothing', files: {}, links: { 'home/agents/dev.md': 'nowhere.md' } },
  { title: 'a link to itself', files: {}, links: { 'home/agents/dev.md': 'dev.md' } },
  {
    title: 'a link that leads outside its folder',
    files: { 'private/dev.md': agentOf('b') },
    links: { 'home/agents/dev.md': '../../private/dev.md' },
  },
  { title: 'a folder instead of a file', files: { 'home/agents/dev.md/x': '' } },
  { title: 'a folder of agents that is a file', files: { 'home/agents': 'x' } },
  {
    title: 'a bottle that does not exist',
    files: { 'home/agents/dev.md': agentOf('dve'), 'home/bottles/dev.md': yaml() },
  },
  {
    title: 'a bottle that does not exist when there are none',
    files: { 'home/agents/dev.md': agentOf('b') },
  },
];
