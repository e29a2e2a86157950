import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { AUDITS } from '../contract/audit-files.ts';
import { daemonPort } from '../contract/daemons.ts';
import { GIT_CONFIG_FILES, reposFile } from '../contract/git-gate/repos.ts';
import { SLUG_ENV } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { asciiJson } from '../shared/ascii-json.ts';
import { openAuditFiles } from '../shared/audit-writer.ts';
import { runDaemon } from '../shared/run-daemon.ts';
import { listenForRequests } from './control-server.ts';
import { Gate } from './gate.ts';
import { OwnSecrets } from './own-secrets.ts';

async function start(): Promise<() => Promise<void>> {
  const { gitConfig, gitRepos, gitRun, gitControl } = CONTAINER_PATHS;
  const text = await readFile(join(gitConfig, GIT_CONFIG_FILES.repos), 'utf8');
  const file = reposFile.parse(JSON.parse(text));
  await mkdir(gitRun, { recursive: true, mode: 0o700 });
  const gate = await Gate.open({
    ...{ file, config: gitConfig, mirrors: gitRepos, run: gitRun },
    environment: process.env,
    secrets: new OwnSecrets(process.env, CONTAINER_PATHS.slots),
  });
  const bottle = process.env[SLUG_ENV] ?? null;
  const files = await openAuditFiles({
    ...{ directory: CONTAINER_PATHS.audit, files: AUDITS['git-gate'], bottle },
    say: (line) => process.stderr.write(`${line}\n`),
  });
  await listenForRequests({
    path: gitControl,
    gate,
    audit: (entry) => files.append(asciiJson({ time: new Date().toISOString(), bottle, ...entry })),
  });
  // It tells init that the gate is ready, and nothing else.
  const ready = createServer((socket) => socket.on('error', () => {}).destroy());
  ready.listen(daemonPort('git-gate'), '127.0.0.1');
  await once(ready, 'listening');
  return () => files.close();
}

await runDaemon(start);
