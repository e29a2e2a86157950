import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { engineHolds, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

async function expectNothingLeft(user: Sandbox): Promise<void> {
  expect(await engineHolds()).toEqual([]);
  expect(await user.machines()).toEqual([]);
}

// Single signals, at any moment, are in faults.test.ts.
describe('an interrupted launch', () => {
  it('repeated signals do not stop the teardown of a launch', async () => {
    const user = sandbox();
    await user.writeAgent('waits', ['sh', '-c', 'echo "started $((40+2))" >&2; sleep 60']);
    const { child, finished, saw } = user.start('launch', ['--agent', 'waits']);
    await saw('started 42');
    const repeat = setInterval(() => child.kill('SIGINT'), 100);
    const { exitCode, stderr } = await finished;
    clearInterval(repeat);
    expect(exitCode, stderr).toBe(130);
    await expectNothingLeft(user);
  });
});

describe('make cleanup', () => {
  it('cleanup removes what a kill -9 left, but not a live bottle, which SIGTERM takes down', async () => {
    const user = sandbox();
    await user.writeAgent('waits', ['sh', '-c', 'echo "started $((40+2))" >&2; sleep 60']);
    const alive = user.start('launch', ['--agent', 'waits']);
    await alive.saw('started 42');
    const [living = ''] = await user.bottles();
    const doomed = user.start('launch', ['--agent', 'waits']);
    await doomed.saw('started 42');
    const dead = (await user.bottles()).find((slug) => slug !== living) ?? '';
    // Kills the launch and everything it started, as a crash of the terminal session would.
    process.kill(-(doomed.child.pid ?? 0), 'SIGKILL');
    await doomed.finished;
    await execa('pkill', ['-9', '-f', `machine exec --name bot-bottle-${dead}`], { reject: false });

    const listed = await user.run('cleanup', ['--dry-run']);
    expect(listed.stdout).toContain(`bottle ${dead}`);
    expect(listed.stdout).not.toContain(living);
    const unasked = await user.run('cleanup');
    expect(unasked.exitCode).toBe(2);
    expect(unasked.stderr).toContain('--yes');
    const cleaned = await user.run('cleanup', ['--yes']);
    expect(cleaned.exitCode, cleaned.stderr).toBe(0);
    expect(await user.bottles()).toEqual([living]);
    expect(await user.machines()).toEqual([`bot-bottle-${living}`]);
    expect((await engineHolds()).every((name) => name.endsWith(living))).toBe(true);

    alive.child.kill('SIGTERM');
    const { exitCode, stderr } = await alive.finished;
    expect(exitCode, stderr).toBe(143);
    await expectNothingLeft(user);
    expect((await user.run('cleanup', ['--all', '--yes'])).exitCode).toBe(0);
    expect((await user.run('cleanup', ['--yes'])).stdout).toContain('nothing is left over');
  });
});
