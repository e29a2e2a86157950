import { describe, expect, it } from 'vitest';
import { engineHolds, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

// biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of manifests
const SECRETIVE = 'env:\n  TICKET: ${TICKET}\n  PIN: ?What is the PIN\n';

describe('a dry run', () => {
  it('a dry run shows the screen on stdout, and creates nothing', async () => {
    const user = sandbox();
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'demo', '--dry-run']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/agent +demo[\s\S]*routes +none/);
    expect(stderr).toContain('nothing was created');
    expect(await user.bottles()).toEqual([]);
    expect(await engineHolds()).toEqual([]);
  });

  it('a dry run with --json prints the plan without values of variables', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], SECRETIVE);
    const env = { TICKET: 'secret-ticket', BOT_BOTTLE_PROMPTED_PIN: 'secret-pin' };
    const { exitCode, stdout, stderr } = await user.run(
      'launch',
      ['--agent', 'dev', '--dry-run', '--json'],
      env,
    );
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ agent: { name: 'dev', origin: 'home' } });
    expect(stdout + stderr).not.toMatch(/secret-/);
  });

  it('a dry run reports all problems at once, after the screen', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], SECRETIVE);
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock', TICKET: undefined };
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'dev', '--dry-run'], env);
    expect(exitCode).toBe(69);
    expect(stdout).toContain('PIN  (asked for at launch)');
    expect(stderr).toMatch(
      /3 problems[\s\S]*TICKET is not set[\s\S]*no terminal[\s\S]*no Docker engine answers/,
    );
    expect(await user.bottles()).toEqual([]);
  });

  it('a dry run shows which credential claude would use, and where it would be sent', async () => {
    const user = sandbox();
    await user.writeManifest('bottles', 'dev', '---\nagent_provider: { auth_token: CLAUDE_TOKEN }\n---\n');
    await user.writeManifest('agents', 'dev', '---\nbottle: dev\n---\n');
    const env = { CLAUDE_TOKEN: 'a-token' };
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'dev', '--dry-run'], env);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('claude --dangerously-skip-permissions');
    expect(stdout).toContain(
      'Claude subscription, OAuth token, from CLAUDE_TOKEN; sent to api.anthropic.com only',
    );
    expect(stdout).not.toContain('a-token');
  });
});
