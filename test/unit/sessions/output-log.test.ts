import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { writeMetadata } from '../../../lib/bottle/metadata.ts';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { agentOutput } from '../../../lib/commands/logs/agent-output.ts';
import { OutputLog } from '../../../lib/sessions/output-log.ts';

const slug = 'dev-abcde';
let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bk-'));
  vi.stubEnv('BOT_BOTTLE_HOME', home);
  await mkdir(bottleDirectory(slug), { recursive: true });
  await writeMetadata({
    ...{ identity: slug, agent_name: 'dev', cwd: '', copy_cwd: false, started_at: '2026-01-01T00:00:00Z' },
    ...{
      compose_project: '',
      backend: '',
      label: '',
      color: '',
      bottle_names: [],
      env_file: '',
      owner: null,
    },
  });
});
afterEach(() => rm(home, { recursive: true }));

async function printed(): Promise<string> {
  let text = '';
  const options = { follow: false, signal: new AbortController().signal };
  for await (const part of agentOutput(slug, options)) text += part;
  return text;
}

it('what an agent printed is shown as text, without what a terminal would obey', async () => {
  const log = new OutputLog(slug);
  log.write(Buffer.from('\u001b[31mred\u001b[0m ünï\r\n\u001b]8;;https://a.example\u0007li'));
  log.write(Buffer.from('nk\u001b]8;;\u0007\u001b]52;c;aGk=\u0007\u009b5i\nlast'));
  log.close();
  expect(await printed()).toBe('red ünï\nlink5i\nlast');
  expect((await stat(bottlePaths.agentOutput(slug))).mode & 0o777).toBe(0o600);
});

it('the log stays below twice its limit, and keeps what came last', async () => {
  const log = new OutputLog(slug);
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  for (let count = 0; count < 60; count += 1) log.write(megabyte);
  log.write(Buffer.from('the end'));
  log.close();
  const sizes = await Promise.all(['', '.1'].map((end) => stat(`${bottlePaths.agentOutput(slug)}${end}`)));
  for (const { size } of sizes) expect(size).toBeLessThan(18 * 1024 * 1024);
  expect((await printed()).slice(-8)).toBe('xthe end');
});
