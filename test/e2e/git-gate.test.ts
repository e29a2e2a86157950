import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRepository, TWO_COMMITS } from '../support/git/repositories.ts';
import { GitUpstream } from '../support/git/upstream/git-upstream.ts';
import { engineHolds, KIT, ON_ALL_FAKES, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const IMAGE = join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile');
/** Looks like a token of GitHub, and is none. */
const SECRET = `ghp_${'A1b2C3d4E5f6'.repeat(3)}`;

const upstream = new GitUpstream();
/** A repository that is reached by HTTPS. */
const WEB = `https://${upstream.host}:${upstream.httpsPort}/web.git`;
const urlOf = (name: string) => `ssh://git@${upstream.host}:${upstream.port}/srv/git/${name}.git`;

/** Whose tier has all tests. */
const NEWEST = '1.9.3';

/** One bottle a version, which all its tests use. */
const bottles = ['0.8.0', '1.9.3'].map((version) => ({ version, user: sandbox(), slug: '' }));

beforeAll(async () => {
  await upstream.start(['kit', 'docs', 'web']);
  const source = await TestRepository.with(`${TWO_COMMITS}\ngit remote add origin ${urlOf('kit')}`);
  await Promise.all(bottles.map((bottle) => bringUp(bottle, source.root)));
});
afterAll(async () => {
  await Promise.all(bottles.map(({ user, slug }) => user.run('teardown', ['--bottle', slug, '--discard'])));
  await upstream.stop();
});

/** Brings a bottle up whose agent works on a copy of the repository `cwd`. */
async function bringUp(bottle: (typeof bottles)[number], cwd: string): Promise<void> {
  const { user, version } = bottle;
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  Object.assign(user.env, { FORGE_TOKEN: upstream.token, NODE_EXTRA_CA_CERTS: upstream.roots });
  await user.writeAgent('dev', ['true'], manifest(), IMAGE);
  const prepare = join(KIT, 'scripts', 'prepare.ts');
  const options = { cwd, env: user.env, extendEnv: false } as const;
  bottle.slug = (await execa(process.execPath, [prepare, '--agent', 'dev'], options)).stdout.trim();
  const up = await user.run('up', ['--bottle', bottle.slug]);
  expect(up.exitCode, up.stderr).toBe(0);
  await upstream.connect(`bot-bottle-sidecars-${bottle.slug}`);
}

function manifest(): string {
  const repo = (name: string, push: string) => `
    ${name}:
      url: ${urlOf(name)}
      host_key: ${upstream.hostKey}
      key: {provider: static, path: ${upstream.keyFile}}
      push: ${push}
      extra_hosts: {${upstream.host}: ${upstream.address}}`;
  const web = `
    web:
      url: ${WEB}
      key: {provider: token, token_ref: FORGE_TOKEN}
      extra_hosts: {${upstream.host}: ${upstream.address}}`;
  const ssh = (name: string, host: string, hostKey: string, key: string) => `
    ${name}:
      url: ssh://git@${host}:${upstream.port}/srv/git/kit.git
      host_key: ${hostKey}
      key: {provider: static, path: ${key}}
      extra_hosts: {${host}: ${upstream.address}}`;
  const strange =
    ssh('impostor', 'impostor.test', upstream.strangerKey, upstream.keyFile) +
    ssh('stranger', upstream.host, upstream.hostKey, upstream.strangerFile);
  const repos = repo('kit', '{branches: ["agent/*"]}') + repo('docs', 'false') + web + strange;
  return `git-gate:\n  user: {name: Smith, email: smith@example.com}\n  repos:${repos}\n`;
}

describe.each(bottles)('the git gate of a bottle on smolvm $version', (bottle) => {
  const { user, version } = bottle;
  const branch = `agent/${version}`;
  // What the gate decides does not depend on how the guest reaches it.
  const isJudged = version === NEWEST || ON_ALL_FAKES;

  /** Runs a script as the agent. @returns what it printed, on both streams, and its exit code. */
  async function agent(script: string): Promise<{ exitCode: number; text: string }> {
    const { exitCode, stdout, stderr } = await user.run('exec', [
      ...['--bottle', bottle.slug, '--', '/bin/sh', '-ec', `exec 2>&1\n${script}`],
    ]);
    return { exitCode, text: stdout.trim() || stderr };
  }

  const refs = () => upstream.sh("git -C /srv/git/kit.git for-each-ref --format='%(refname) %(objectname)'");

  it('the agent clones by the upstream’s URL, and what it pushes arrives there', async () => {
    const { exitCode, text } = await agent(`
      git clone -q ${urlOf('kit')} ~/kit
      cd ~/kit; git checkout -qb ${branch}; echo more >> README; git commit -qam 'Work of the agent'
      git push origin ${branch}`);
    expect(exitCode, text).toBe(0);
    expect(await upstream.sh(`git -C /srv/git/kit.git log -1 --format='%s, %an <%ae>' ${branch}`)).toBe(
      'Work of the agent, Smith <smith@example.com>',
    );
  });

  it('a push from the copied workspace goes through the gate', async () => {
    const { exitCode, text } = await agent(`
      git commit -q --allow-empty -m 'Copied work'; git push origin HEAD:${branch}-copy`);
    expect(exitCode, text).toBe(0);
    const fetched = await user.run('fetch', ['--bottle', bottle.slug]);
    expect(fetched.stdout, fetched.stderr).toMatch(
      /1 commit \(1 of them upstream\)[\s\S]*Copied work {2}\(upstream\)/,
    );
    const [here, there] = await Promise.all([
      agent('git rev-parse HEAD; git config user.name'),
      upstream.sh(`git -C /srv/git/kit.git rev-parse ${branch}-copy`),
    ]);
    expect(here.text).toBe(`${there}\nSmith`);
  });

  it.runIf(isJudged)('a secret in a commit between is refused and named, without its value', async () => {
    const before = await refs();
    const { exitCode, text } = await agent(`
      cd ~/kit; git checkout -qB ${branch}-secret origin/main
      echo 'token = "${SECRET}"' > settings; git add .; git commit -qm 'Add settings'
      git rm -q settings; git commit -qm 'Remove settings'
      git push origin ${branch}-secret`);
    expect(exitCode, text).not.toBe(0);
    expect(text).toMatch(/^remote: +secret: .* settings, line 1, commit [0-9a-f]+/m);
    expect(text.replaceAll(`echo 'token = "${SECRET}"'`, '')).not.toContain(SECRET);
    expect(await refs()).toBe(before);
  });

  it.runIf(isJudged)(
    'the same push passes once the agent has asked with the id of the finding, and a person approved',
    async () => {
      const push = `cd ~/kit; git push origin ${branch}-secret`;
      const [, finding = ''] = /\((f-[0-9a-f]{12})\)/.exec((await agent(push)).text) ?? [];
      const params = { name: 'git-allow', arguments: { finding, reason: 'An example of a key.' } };
      const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      const asked = agent(`curl -s -H 'content-type: application/json' \\
      -H 'accept: application/json, text/event-stream' -d '${call}' "$MCP_SUPERVISE_URL"`);
      const pending = async () =>
        (await user.run('supervise', ['--bottle', bottle.slug, '--once', '--json'])).stdout;
      await expect.poll(pending, { timeout: 20_000 }).toContain(`"finding":"${finding}"`);
      const { id } = JSON.parse(await pending());
      const approved = await user.run('approve', ['--bottle', bottle.slug, '--id', id]);
      expect(approved.stderr).toContain(`${id}: approved, it passes from the next push on`);
      expect((await asked).text).toContain('The finding passes from the next push on: push again.');
      const { exitCode, text } = await agent(push);
      expect(exitCode, text).toBe(0);
      expect(await refs()).toContain(`refs/heads/${branch}-secret `);
    },
  );

  it.runIf(isJudged)(
    'pushes that the rules do not allow are refused, with the key that would allow each',
    async () => {
      const before = await refs();
      const { text } = await agent(`
      cd ~/kit; git checkout -q ${branch}
      refused() { if git push "$@"; then echo pushed "$@"; fi; }
      refused --force origin HEAD~1:${branch}
      refused origin HEAD:main
      refused origin :${branch}
      refused origin HEAD:refs/tags/v9`);
      const told = text.split('\n').filter((line) => line.startsWith('remote:   rules: '));
      const key = (rule: string) => expect.stringContaining(`git-gate.repos.kit.push.${rule}`);
      expect(told, text).toEqual([
        key('force: true'),
        key('branches: [main]'),
        key('delete: true'),
        key('tags: true'),
      ]);
      expect(text).not.toMatch(/^pushed/m);
      expect(await refs()).toBe(before);
    },
  );

  it.runIf(isJudged)(
    'a repository that is read-only can be cloned, and every push to it is refused',
    async () => {
      const { exitCode, text } = await agent(`
      git clone -q git@${upstream.host}:srv/git/docs ~/docs; cd ~/docs; cat README
      echo more >> README; git commit -qam more; git push origin HEAD:agent/x`);
      expect(exitCode, text).not.toBe(0);
      expect(text).toContain('hello');
      expect(text).toContain('git-gate.repos.docs.push');
    },
  );

  it('an upstream by HTTPS is cloned and pushed to with a token that the guest never has', async () => {
    const { exitCode, text } = await agent(`
      git clone -q ${WEB} ~/web; cd ~/web; git checkout -qb ${branch}
      echo more >> README; git commit -qam 'By HTTPS'; git push origin ${branch}
      env; git config --list; cat ~/.bot-bottle-gitconfig`);
    expect(exitCode, text).toBe(0);
    expect(await upstream.sh(`git -C /srv/git/web.git log -1 --format=%s ${branch}`)).toBe('By HTTPS');
    expect(text).not.toContain(upstream.token);
    const container = `bot-bottle-sidecars-${bottle.slug}`;
    expect((await execa('docker', ['logs', container], { all: true })).all).not.toContain(upstream.token);
    const files = `grep -r ${upstream.token} /run/bot-bottle /etc/bot-bottle /var/lib/bot-bottle`;
    const { stdout } = await execa('docker', ['exec', container, 'sh', '-c', files], { reject: false });
    expect(stdout).toBe('');
  });

  it.runIf(isJudged)(
    'a server with another key is not connected to, and a key that the server does not know is told',
    async () => {
      const { text } = await agent(
        'for name in impostor stranger; do git ls-remote $GIT_GATE_URL/$name.git || echo failed; done',
      );
      const [impostor = '', stranger = ''] = text.split(/^failed$/m);
      expect(impostor).toMatch(/impostor cannot be brought up to date; .*Host key verification failed/);
      expect(stranger).toMatch(/stranger cannot be brought up to date; .*Permission denied \(publickey/);
    },
  );

  it.runIf(isJudged)('the audit of all that is in the log of the bottle', async () => {
    const { stdout, stderr } = await user.run('logs', ['--bottle', bottle.slug, '--lines', '0']);
    const lines = stdout.split('\n').filter((line) => / {2}git {2}/.test(line));
    const told = (...words: string[]) =>
      expect(
        lines.some((line) => words.every((word) => line.includes(word))),
        stdout + stderr,
      ).toBe(true);
    told('allow', 'fetch', 'kit main');
    told('allow', 'push', `kit ${branch} new`, '(1 commit)');
    told('deny', 'push', `${branch}-secret`, '(2 commits)', 'secret: ');
    told('deny', 'push', 'docs', 'git-gate.repos.docs.push');
    told('fail', 'fetch', 'stranger', 'Permission denied');
    expect(stdout).not.toContain(SECRET);
  });

  it.runIf(isJudged)('when the upstream is down, the agent’s git says why', async () => {
    await upstream.down();
    try {
      const { exitCode, text } = await agent(`git ls-remote ${urlOf('kit')}`);
      expect(exitCode, text).not.toBe(0);
      expect(text).toMatch(/Connection refused/);
    } finally {
      await upstream.up();
    }
  });

  it('the key is in no record, log, command line or environment, and gone after the teardown', async () => {
    // The lines before have what all keys of this kind have, and the public part.
    const { slug } = bottle;
    const [, , , secret = 'no key'] = upstream.key.split('\n');
    const state = join(user.home, 'state', slug);
    const files = await readdir(state, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    const holding = async () => {
      const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1').catch(() => '')));
      return paths.filter((_, index) => texts[index]?.includes(secret));
    };
    expect(await holding()).toEqual(
      ['docs', 'impostor', 'kit'].map((name) => join(state, 'git-gate', 'keys', name)),
    );
    const container = `bot-bottle-sidecars-${slug}`;
    expect((await execa('docker', ['inspect', container])).stdout).not.toContain(secret);
    expect((await execa('docker', ['logs', container], { all: true })).all).not.toContain(secret);
    expect((await agent('env; cat ~/.gitconfig ~/.bot-bottle-gitconfig')).text).not.toContain(secret);
    if (version === NEWEST) {
      const frozen = await user.run('freeze', ['--bottle', slug]);
      expect(frozen.exitCode, frozen.stderr).toBe(0);
    }
    const teardown = await user.run('teardown', ['--bottle', slug, '--discard', '--keep-state']);
    expect(teardown.exitCode, teardown.stderr).toBe(0);
    expect(await holding()).toEqual([]);
    expect((await engineHolds()).filter((name) => name.endsWith(slug))).toEqual([]);
  });

  it.runIf(version === NEWEST)(
    'a resumed bottle has its clone with the pushed branch, and goes on pushing',
    async () => {
      const up = await user.run('up', ['--bottle', bottle.slug]);
      expect(up.exitCode, up.stderr).toBe(0);
      await upstream.connect(`bot-bottle-sidecars-${bottle.slug}`);
      const { exitCode, text } = await agent(`
        cd ~/kit; git log -1 --format=%s origin/${branch}; git checkout -q ${branch}
        git commit -q --allow-empty -m 'After the resume'; git push -q origin ${branch}`);
      expect([exitCode, text]).toEqual([0, expect.stringContaining('Work of the agent')]);
      expect(await upstream.sh(`git -C /srv/git/kit.git log -1 --format=%s ${branch}`)).toBe(
        'After the resume',
      );
    },
  );
});
