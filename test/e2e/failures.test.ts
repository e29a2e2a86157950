import { randomBytes } from 'node:crypto';
import { appendFile, cp, readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_DOCKERFILE, engineHolds, FAKE_SMOLVM, type Sandbox, useSandboxes } from '../support/kit.ts';
import { type Fault, faultyProgram, pathOf } from '../support/shim.ts';

const sandbox = useSandboxes();

interface Break {
  phase: string;
  exitCode: number;
  docker?: Fault;
  smolvm?: Fault;
  /** Changes the bottle's directory, so that the phase fails or has work to do again. */
  arrange?: (state: string) => Promise<void>;
}

/**
 * One way for most phases to fail that affects no other phase; `make test-faults` has the rest. Each follows those that it
 * needs. Guest phases precede bundle phases, which run concurrently; a phase that already ran beside a failure is run again
 * for its own.
 */
const BREAKS: readonly Break[] = [
  { phase: 'allocate', exitCode: 71, docker: { when: '"network create"*' } },
  {
    phase: 'build-image',
    exitCode: 71,
    docker: { when: '"build --force-rm"*bot-bottle-command*' },
    arrange: removeImage,
  },
  { phase: 'pack-artifact', exitCode: 72, smolvm: { when: '"pack create"*' }, arrange: removeArtifact },
  { phase: 'start-guest', exitCode: 72, smolvm: { when: '"machine start"*' } },
  { phase: 'init-guest', exitCode: 72, smolvm: { when: '*"sh -s"', times: 1 } },
  { phase: 'start-bundle', exitCode: 71, docker: { when: '"run --detach --init"*' } },
  { phase: 'provision', exitCode: 72, smolvm: { when: '*"sh -s"', times: 1 } },
  { phase: 'probe', exitCode: 77, smolvm: { when: '*"guest-tool probe "*' } },
];
const ORDER = BREAKS.map(({ phase }) => phase);

const recordOf = (state: string, phase: string) => join(state, 'phases', `${phase}.json`);

/** Removes the image that was built for the bottle's agent. */
async function removeImage(state: string): Promise<void> {
  const { data } = JSON.parse(await readFile(recordOf(state, 'build-image'), 'utf8'));
  await execa('docker', ['image', 'rm', data.reference]);
}

/** Removes what was packed beside a phase that failed, if anything was. */
async function removeArtifact(state: string): Promise<void> {
  const record = await readFile(recordOf(state, 'pack-artifact'), 'utf8').catch(() => undefined);
  if (record !== undefined) await rm(JSON.parse(record).data.path, { recursive: true });
}

/** A label of only the image of the bottle's agent. */
const MARK = `bot-bottle.test=${randomBytes(8).toString('hex')}`;

describe('a bottle whose phases fail one after the other', () => {
  let user: Sandbox;
  let slug: string;
  let state: string;
  let shims: string;

  beforeAll(async () => {
    // Its own cache and image, so that there is something to build and pack.
    user = sandbox({ ownCache: true });
    const dockerfile = join(user.root, 'image', 'Dockerfile');
    await cp(dirname(DEMO_DOCKERFILE), dirname(dockerfile), { recursive: true });
    await appendFile(dockerfile, `LABEL ${MARK}\n`);
    await user.writeAgent('five', ['sh', '-c', 'exit 5'], '', dockerfile);
    shims = join(user.root, 'shims');
    // The plan names the binary, so it must be the shim from the start.
    user.smolvm = faultyProgram(shims, 'smolvm', FAKE_SMOLVM, { when: 'never' });
    const { stdout, exitCode, stderr } = await user.run('prepare', ['--agent', 'five']);
    expect(exitCode, stderr).toBe(0);
    slug = stdout.trim();
    state = join(user.home, 'state', slug);
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug]);
    const { stdout } = await execa('docker', ['images', '--quiet', '--filter', `label=${MARK}`]);
    if (stdout !== '') await execa('docker', ['image', 'rm', ...new Set(stdout.split('\n'))]);
  });

  /** Checks that of the phases in `before`, `make up` ran only the last, which had failed. */
  function expectContinued(stderr: string, before: readonly string[]): void {
    const done = before.filter((phase) => stderr.includes(`✓ ${phase} `));
    expect(done, stderr).toEqual(before.slice(-1));
  }

  it.each(BREAKS)(
    'a failure of $phase is reported, and `make up` continues after the phase before it',
    async (fault) => {
      // It may have run already, beside an earlier phase that failed.
      await fault.arrange?.(state);
      await rm(recordOf(state, fault.phase), { force: true });
      const env: Record<string, string> = {};
      if (fault.docker) {
        faultyProgram(shims, 'docker', pathOf('docker'), fault.docker);
        env.PATH = [shims, user.env.PATH].join(delimiter);
      }
      faultyProgram(shims, 'smolvm', FAKE_SMOLVM, { when: 'never', ...fault.smolvm });

      const failed = await user.run('up', ['--bottle', slug], env);
      expect(failed.exitCode, failed.stderr).toBe(fault.exitCode);
      expect(failed.stderr).toContain(`the phase ${fault.phase} failed`);
      expect(failed.stderr).not.toContain('make:');
      expectContinued(failed.stderr, ORDER.slice(0, ORDER.indexOf(fault.phase)));
    },
  );

  it('the bottle comes up when nothing fails, and teardown leaves nothing behind', async () => {
    faultyProgram(shims, 'smolvm', FAKE_SMOLVM, { when: 'never' });
    const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
    expect(exitCode, stderr).toBe(0);
    expectContinued(stderr, ORDER);
    expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(5);
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
    expect(await engineHolds()).toEqual([]);
    expect(await user.machines()).toEqual([]);
  });
});
