import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { daemonPort } from '../contract/daemons.ts';
import { GIT_CONFIG_FILES, reposFile } from '../contract/git-gate/repos.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { createGitHttp } from './server.ts';

async function start(): Promise<void> {
  const { gitConfig, gitRepos, gitRun, gitControl } = CONTAINER_PATHS;
  const text = await readFile(join(gitConfig, GIT_CONFIG_FILES.repos), 'utf8');
  const { repos } = reposFile.parse(JSON.parse(text));
  const server = createGitHttp({
    ...{ repos, mirrors: gitRepos, control: gitControl, configuration: join(gitRun, 'config') },
  });
  server.listen(daemonPort('git-http'), '0.0.0.0');
  await once(server, 'listening');
}

try {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
  process.on('SIGHUP', () => {});
  await start();
} catch (error) {
  process.stderr.write(`fatal: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
