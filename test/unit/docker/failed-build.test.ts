import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { failedStep, sayingSlowSteps, stepOf } from '../../../lib/docker/builder-output.ts';
import { buildImage } from '../../../lib/docker/image.ts';
import { BottleError } from '../../../lib/errors.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bk-build-'));
  vi.stubEnv('BOT_BOTTLE_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Has `docker` say what the legacy builder of Docker 20.10 says about a failed step. */
function failingDocker(): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh
echo 'DEPRECATED: The legacy builder is deprecated and will be removed in a future release.' >&2
echo 'Sending build context to Docker daemon  2.048kB'
echo 'Step 1/2 : FROM debian:12-slim'
echo ' ---> 0123456789ab'
echo 'Step 2/2 : RUN apt-get install -y no-such-package'
echo ' ---> Running in 0123456789ab'
echo 'E: Unable to locate package no-such-package'
echo 'Removing intermediate container 0123456789ab'
sleep 0.2
echo "The command '/bin/sh -c apt-get install -y no-such-package' returned a non-zero code: 100" >&2
exit 100
`;
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
}

it('an image that the builder keeps elsewhere is no success', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = '#!/bin/sh\n[ "$1" = build ] && exit 0; echo "Error: No such image: x:1" >&2; exit 1\n';
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  const common = { tag: 'x:1', context: folder, labels: {}, buildArguments: {}, say: () => {} };
  await expect(buildImage({ ...common, dockerfile: join(folder, 'Dockerfile') })).rejects.toMatchObject({
    message: 'docker build made x:1, but the engine does not have it',
    hint: expect.stringContaining('docker buildx use default'),
  });
});

it('a failed build names what the step printed, and where the whole log is', async () => {
  failingDocker();
  const failure: unknown = await buildImage({
    tag: 'bot-bottle-agent:1',
    dockerfile: join(folder, 'Dockerfile'),
    context: folder,
    labels: {},
    buildArguments: {},
    say: () => {},
  }).catch((error: unknown) => error);
  if (!(failure instanceof BottleError)) throw new Error('it did not fail');
  expect(failure.message).toContain('E: Unable to locate package no-such-package');
  expect(failure.message).toContain('returned a non-zero code: 100');
  expect(failure.message).not.toContain('DEPRECATED');
  const log = join(folder, 'cache', 'logs', 'build-bot-bottle-agent-1.log');
  expect(failure.hint).toContain(log);
  expect(readFileSync(log, 'utf8')).toContain('Step 1/2 : FROM debian:12-slim');
});

it('settings of the person’s shell do not reach `docker`, and a build does without a missing buildx', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh
[ "$1" = image ] && echo sha256:1 && exit 0
env | grep '^DOCKER_' | sort >> ${join(folder, 'environment')}
[ "$DOCKER_BUILDKIT" = 0 ] && exit 0
echo 'ERROR: BuildKit is enabled but the buildx component is missing or broken.' >&2
exit 1
`;
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  vi.stubEnv('DOCKER_DEFAULT_PLATFORM', 'linux/s390x');
  vi.stubEnv('DOCKER_CONTENT_TRUST', '1');
  vi.stubEnv('DOCKER_BUILDKIT', '1');
  vi.stubEnv('DOCKER_CONTEXT', 'mine');
  const tag = 'bot-bottle-agent:1';
  const common = { labels: {}, buildArguments: {}, say: () => {} };
  await buildImage({ tag, dockerfile: join(folder, 'Dockerfile'), context: folder, ...common });
  const seen = readFileSync(join(folder, 'environment'), 'utf8');
  expect(seen).not.toMatch(/PLATFORM|TRUST/);
  expect(seen.match(/DOCKER_BUILDKIT=\d/g)).toEqual(['DOCKER_BUILDKIT=1', 'DOCKER_BUILDKIT=0']);
  expect(seen).toContain('DOCKER_CONTEXT=mine');
});

it('a build says which step it waits for', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh
[ "$1" = image ] && echo sha256:1 && exit 0
echo 'Step 1/2 : FROM debian:12-slim'
echo 'Step 2/2 : RUN npm ci'
sleep 2.4
`;
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  const said: string[] = [];
  const common = { tag: 'x:1', context: folder, labels: {}, buildArguments: {} };
  await buildImage({
    ...common,
    dockerfile: join(folder, 'Dockerfile'),
    say: (line) => said.push(line),
  });
  expect(said).toEqual(['step 2/2: RUN npm ci']);
});

/** As BuildKit prints it without a terminal: steps of two stages at the same time, of which one fails. */
const BUILDKIT = `#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 120B done
#1 DONE 0.0s

#4 [base 1/2] FROM docker.io/library/debian:12-slim
#4 CACHED

#5 [base 2/2] RUN apt-get install -y no-such-package
#5 0.214 Reading package lists...

#6 [docs 2/3] RUN make docs
#6 0.220 of another step
#5 0.305 E: Unable to locate package no-such-package
#5 ERROR: process "/bin/sh -c apt-get install -y no-such-package" did not complete successfully: exit code: 100

#6 [docs 2/3] RUN make docs
#6 CANCELED
------
 > [base 2/2] RUN apt-get install -y no-such-package:
0.214 Reading package lists...
0.305 E: Unable to locate package no-such-package
------
Dockerfile:2
--------------------
   1 |     FROM debian:12-slim
   2 | >>> RUN apt-get install -y no-such-package
--------------------
ERROR: failed to solve: process "/bin/sh -c apt-get install -y no-such-package" did not complete successfully: exit code: 100`.split(
  '\n',
);

it('of BuildKit’s output, the failed step is what counts, not others that run at the same time', () => {
  expect(failedStep(BUILDKIT).split('\n')).toEqual([
    '[base 2/2] RUN apt-get install -y no-such-package',
    'Reading package lists...',
    'E: Unable to locate package no-such-package',
    'ERROR: process "/bin/sh -c apt-get install -y no-such-package" did not complete successfully: exit code: 100',
  ]);
});

it('both builders name the steps of a Dockerfile', () => {
  expect(BUILDKIT.map(stepOf).filter((step) => step !== undefined)).toEqual([
    'step 1/2: FROM docker.io/library/debian:12-slim',
    'step 2/2: RUN apt-get install -y no-such-package',
    'step 2/3: RUN make docs',
    'step 2/3: RUN make docs',
  ]);
  expect(stepOf('Step 3/12 : RUN npm ci')).toBe('step 3/12: RUN npm ci');
  expect(stepOf(' ---> Using cache')).toBeUndefined();
  expect(stepOf(`Step 1/1 : RUN ${'x'.repeat(500)}`)?.length).toBeLessThan(110);
});

it('only steps that take long are said', () => {
  vi.useFakeTimers();
  try {
    const said: string[] = [];
    const { onLine, end } = sayingSlowSteps((line) => said.push(line));
    onLine('Step 1/3 : FROM debian');
    vi.advanceTimersByTime(100);
    onLine('Step 2/3 : RUN npm ci');
    onLine('added 300 packages');
    vi.advanceTimersByTime(5_000);
    onLine('Step 2/3 : RUN npm ci');
    vi.advanceTimersByTime(5_000);
    onLine('Step 3/3 : USER node');
    end();
    vi.advanceTimersByTime(5_000);
    expect(said).toEqual(['step 2/3: RUN npm ci']);
  } finally {
    vi.useRealTimers();
  }
});
