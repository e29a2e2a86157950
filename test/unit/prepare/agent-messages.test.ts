import { beforeEach, expect, it, vi } from 'vitest';
import { BottleError, errorOfProblems } from '../../../lib/errors.ts';
import { assertResolved } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import { filesOf, headlessArguments } from '../../../lib/providers/provider-results.ts';
import { providerFor } from '../../../lib/providers/registry.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { check, smolvmOf, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();
const kitHome = () => `${home.path}/home`;

/** Bottles, by what is wrong with their agent. */
const BOTTLES: Readonly<Record<string, string>> = {
  'no credential': 'agent_provider: { template: claude }',
  'an unknown kind of credential': 'agent_provider: { credential: { kind: oauth, token_ref: TOKEN } }',
  'a credential for a provider without any':
    'agent_provider: { template: command, command: [x], credential: { kind: key, token_ref: TOKEN } }',
  'a credential without its variable': 'agent_provider: { credential: { kind: api_key } }',
  'a sign-in with a variable':
    'agent_provider: { template: codex, credential: { kind: chatgpt, token_ref: TOKEN } }',
  'a variable that is another credential':
    'agent_provider: { auth_token: TOKEN }\nenv: { ANTHROPIC_API_KEY: x }',
  'a command for a provider that has one': 'agent_provider: { auth_token: TOKEN, command: [x] }',
  'an MCP server that is none': 'agent_provider: { auth_token: TOKEN, mcp_servers: { docs: "ftp://x" } }',
  'skills for an agent without a place for them': 'agent_provider: { template: plain }',
};

beforeEach(async () => {
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('TOKEN', 'a-token');
  vi.stubEnv('BOT_BOTTLE_IMAGE', 'mine:1');
  vi.stubEnv('CODEX_HOME', `${home.path}/none`);
  await smolvmOf(home.path, 'smolvm 1.9.3');
  await writeFiles(home.path, {
    'home/contrib/plain/provider.ts':
      'export default { command: ["x"], files: () => [{ path: "../up", content: "" }] };',
  });
});

async function given(frontmatter: string) {
  const skills = frontmatter.includes('plain') ? 'skills: [review]\n' : '';
  await writeFiles(home.path, {
    'home/agents/dev.md': `---\nbottle: dev\n${skills}---\n`,
    'home/bottles/dev.md': `---\n${frontmatter}\n---\n`,
  });
  return check(home.path, 'dev');
}

async function messageOf(work: () => unknown): Promise<string> {
  const thrown: unknown = await Promise.resolve()
    .then(work)
    .catch((error: unknown) => error);
  return thrown instanceof BottleError ? errorText(thrown) : 'no error';
}

it('messages about the agent of a bottle match the golden file', async () => {
  const sections: string[] = [];
  const add = (title: string, text: string) =>
    sections.push(`## ${title}\n\n${text.replaceAll(home.path, '~')}\n`);
  for (const [title, frontmatter] of Object.entries(BOTTLES)) {
    const { problems } = await given(frontmatter);
    const [first, ...others] = problems;
    add(title, first === undefined ? 'no error' : errorText(errorOfProblems([first, ...others])));
  }
  const plain = await providerFor('plain', kitHome());
  const session = { workdir: '/', label: '', resume: false, format: 'text' } as const;
  const setup = { home: '/h', workdir: '/h', prompt: '', label: '', mcpServers: {} };
  add('a provider without a headless mode', await messageOf(() => headlessArguments(plain, session)));
  add('a provider whose file leaves the home', await messageOf(() => filesOf(plain, setup)));
  vi.stubEnv('BOT_BOTTLE_GUEST_HOME', 'home/dev');
  const checked = await given('agent_provider: { auth_token: TOKEN }');
  add('a guest’s home that is no path', await messageOf(() => resolvePlan(assertResolved(checked))));
  vi.stubEnv('BOT_BOTTLE_GUEST_HOME', '');
  vi.stubEnv('BOT_BOTTLE_SUPERVISE', 'off');
  add('a way of supervision that there is not', await messageOf(() => resolvePlan(assertResolved(checked))));
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/agents.txt');
});
