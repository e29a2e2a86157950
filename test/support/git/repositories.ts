import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const ENV = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'protocol.file.allow',
  GIT_CONFIG_VALUE_0: 'always',
  LANG: 'C.UTF-8',
};

/** A directory with a shell; with `script`, what that makes in it. */
export class TestRepository {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'bk-repo-')));

  /** Runs a shell script in the repository. @returns its output. */
  async sh(script: string): Promise<string> {
    return (await execa('sh', ['-ec', script], { cwd: this.root, env: ENV, extendEnv: false })).stdout;
  }

  static async with(script: string): Promise<TestRepository> {
    const repository = new TestRepository();
    await repository.sh(script);
    return repository;
  }
}

/** Two commits, a tag, a second branch. */
export const TWO_COMMITS = `
git init -q -b main
mkdir src
echo one > src/one.txt; echo two > two.txt; printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; ln -s two.txt link
git add .; git commit -qm first
git tag v1; git branch side
echo three >> src/one.txt; git commit -qam second
`;
