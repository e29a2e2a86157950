import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import type { Bottle } from '../../../lib/guest/bottle.ts';
import { homeDirectory } from '../../../lib/host/directories.ts';
import { providerFor } from '../../../lib/providers/registry.ts';
import { files } from '../../../lib/provision/files.ts';
import type { ProvisionContext } from '../../../lib/provision/provisioner.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const SLUG = 'demo-a1b2c';
const URL = 'http://127.0.0.1:9100';
useTemporaryHome();

/** The content of a file that the provisioner writes into the agent's home. */
async function written(template: string, path: string, supervise: string | undefined): Promise<string> {
  await mkdir(dirname(bottlePaths.prompt(SLUG)), { recursive: true });
  await writeFile(bottlePaths.prompt(SLUG), '');
  const scripts: string[] = [];
  const context = {
    plan: { provider: { template, mcpServers: { docs: 'https://docs.example/mcp' } } },
    provider: await providerFor(template, homeDirectory()),
    label: '',
    supervise,
    addScript: (script: string) => void scripts.push(script),
  };
  const agent = { user: 'node', home: '/home/node', directory: '/home/node' };
  const bottle = { slug: SLUG, agent };
  await files.provision(bottle as unknown as Bottle, context as unknown as ProvisionContext);
  const script = scripts.find((text) => text.includes(`/home/node/${path}`)) ?? '';
  return Buffer.from(script.split('\n').slice(1, -1).join(''), 'base64').toString();
}

it('Claude Code knows the MCP server of a supervised bottle, beside those of its manifest', async () => {
  const { mcpServers } = JSON.parse(await written('claude', '.claude.json', URL));
  expect(mcpServers).toEqual({
    docs: { type: 'http', url: 'https://docs.example/mcp' },
    supervise: { type: 'http', url: URL },
  });
});

it('Codex knows it, and waits longer for a tool than a call of it lasts', async () => {
  const config = parse(await written('codex', '.codex/config.toml', URL));
  expect(config.mcp_servers).toMatchObject({ supervise: { url: URL, tool_timeout_sec: 3600 } });
});

it('an agent without supervision knows nothing of it', async () => {
  expect(await written('claude', '.claude.json', undefined)).not.toContain('supervise');
});
