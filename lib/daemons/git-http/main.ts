import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { daemonPort } from '../contract/daemons.ts';
import { GIT_CONFIG_FILES, reposFile } from '../contract/git-gate/repos.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { runDaemon } from '../shared/run-daemon.ts';
import { createGitHttp } from './server.ts';

async function start(): Promise<undefined> {
  const { gitConfig, gitRepos, gitRun, gitControl } = CONTAINER_PATHS;
  const text = await readFile(join(gitConfig, GIT_CONFIG_FILES.repos), 'utf8');
  const { repos } = reposFile.parse(JSON.parse(text));
  const server = createGitHttp({
    repos,
    mirrors: gitRepos,
    control: gitControl,
    configuration: join(gitRun, 'config'),
  });
  server.listen(daemonPort('git-http'), '0.0.0.0');
  await once(server, 'listening');
}

await runDaemon(start);
