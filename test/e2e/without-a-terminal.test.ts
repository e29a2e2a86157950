import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { engineHolds, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

describe('commands without a terminal', () => {
  it('a launch without an agent lists the known agents', async () => {
    const { exitCode, stderr } = await sandbox().run('launch');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Known agents: demo');
  });

  it('init without a terminal fails with the reason', async () => {
    const { exitCode, stderr } = await sandbox().run('init');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('there is no terminal to prompt on');
  });

  it('prepare stores label, color and bottles, and status shows the label', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    await user.writeManifest('bottles', 'more', '---\nenv: {A: b}\n---\n');
    const flags = ['--agent', 'dev', '--bottles', 'dev, more', '--label', 'My Task', '--color', 'red'];
    const { stdout, stderr, exitCode } = await user.run('prepare', flags);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.trim()).toBe('my-task');
    const status = await user.run('status');
    expect(status.stdout).toMatch(/my-task +dev +My Task +kept +prepare/);
    const metadata = await readFile(join(user.home, 'state', 'my-task', 'metadata.json'), 'utf8');
    expect(JSON.parse(metadata)).toMatchObject({
      bottle_names: ['dev', 'more'],
      color: 'red',
      label: 'My Task',
    });
  });

  it('a label used by another home’s bottle on this engine is refused', async () => {
    const user = sandbox();
    const network = 'bot-bottle-bundle-bk-test-taken';
    await execa('docker', ['network', 'create', '--subnet', '10.213.99.0/29', network]);
    try {
      const { exitCode, stderr } = await user.run('prepare', ['--agent', 'demo', '--label', 'bk test taken']);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`has a network ${network}, which belongs to another bottle`);
      expect(await user.bottles()).toEqual([]);
      expect(await engineHolds()).toEqual([]);
    } finally {
      await execa('docker', ['network', 'rm', network]);
    }
  });

  it('list shows a broken file with its problem', async () => {
    const user = sandbox();
    await user.writeManifest('agents', 'broken', 'no frontmatter\n');
    const { exitCode, stdout } = await user.run('list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/broken +- +home +broken: line 1:1: has no frontmatter/);
    expect(stdout).toMatch(/demo +demo +example/);
  });
});
