import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bundleHealth } from '../../../lib/daemons/contract/init/health.ts';
import { CONTAINER_PATHS } from '../../../lib/daemons/contract/paths.ts';
import { NODE_FLAGS } from '../../../lib/daemons/init/daemon-command.ts';
import { docker, dockerTry } from '../../../lib/docker/cli.ts';
import { bundleScene, ctl, HOST_USER, healthOf, logsOf } from '../../support/bundle/bundle-scene.ts';
import { connectVia } from '../../support/egress/agent.ts';

/** An owner of the mounted files who is neither root nor known in the container. */
const OWNER = 54_321;

const scene = bundleScene();

describe('bundle in Docker', () => {
  it('a bundle starts healthy, serves the selftest through CONNECT, and logs no secrets', async () => {
    const { bundle, port } = await scene.ready();
    expect(await healthOf(bundle)).toMatchObject({
      ready: true,
      daemons: [
        { name: 'selftest', state: 'ready', starts: 1 },
        { name: 'egress', state: 'ready', starts: 1 },
      ],
    });
    const { status, proof, expected } = await scene.prove(port);
    expect(status).toBe(200);
    expect(proof).toBe(expected);

    await expect
      .poll(() => scene.audit())
      .toMatchObject([{ bottle: 'demo-a1b2c', verdict: 'allow', path: '/prove', status: 200 }]);
    const { all } = await logsOf(bundle);
    const audit = JSON.stringify(await scene.audit());
    expect(audit).not.toContain(scene.nonce);
    expect(audit).not.toContain('of-the-agent');
    for (const line of all.split('\n').filter((text) => text !== '')) {
      expect(line).toMatch(/^\[(init|egress|selftest)\] /);
    }
    expect(all).not.toContain(scene.nonce);
    expect(all).not.toContain(scene.token);
    expect(all).not.toContain('of-the-agent');
    const told = await docker(['inspect', '--format', '{{json .Args}} {{json .Config.Cmd}}', bundle]);
    expect(told).not.toContain(scene.nonce);
  });

  it('egress refuses a tunnel to an unlisted host with a reason', async () => {
    const { port } = await scene.ready();
    const { status, headers } = await connectVia(port, 'evil.example.org:22');
    expect([status, headers['x-bot-bottle-reason']]).toEqual([403, 'host-unlisted']);
    await expect.poll(() => scene.audit()).toMatchObject([{ verdict: 'deny', host: 'evil.example.org' }]);
  });

  it('the bundle does not expose the selftest upstream to other containers on the bridge', async () => {
    const { bundle } = await scene.ready();
    const address = await docker([
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      bundle,
    ]);
    const ask = `require('net').connect(9443,'${address}').on('connect',()=>process.exit(0)).on('error',()=>process.exit(9))`;
    const tried = await dockerTry([
      'run',
      '--rm',
      '--network',
      scene.network,
      '--entrypoint',
      'node',
      scene.image,
      '-e',
      ask,
    ]);
    expect(tried.exitCode).toBe(9);
  });

  it('init withholds the nonce and the tokens from the selftest daemon', async () => {
    const { bundle } = await scene.ready();
    const pid = (await healthOf(bundle)).daemons.find((daemon) => daemon.name === 'selftest')?.pid;
    const environment = await docker(['exec', bundle, 'cat', `/proc/${pid}/environ`]);
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain(scene.nonce);
    expect(environment).not.toContain(scene.token);
  });

  it('egress starts from the compile cache as the usual user, and without it as another user', async () => {
    const start = async (user: number) => {
      const bundle = ['run', '--rm', '--read-only', '--user', String(user), '--entrypoint', 'node'];
      const egress = [scene.image, ...NODE_FLAGS, '/app/egress/main.mjs'];
      const files = ['--routes', CONTAINER_PATHS.routes, '--ca', CONTAINER_PATHS.caWithKey];
      return dockerTry([...bundle, '--env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE', ...egress, ...files]);
    };
    // No CA is mounted, so egress fails right after loading.
    const [own, other] = [await start(HOST_USER), await start(OWNER)];
    expect(own.stderr).toMatch(
      /code cache for ESM file:\/\/\/app\/egress\/main\.mjs was accepted[\s\S]*fatal: .*ca\.pem/,
    );
    expect(other.stderr).not.toContain('accepted');
    expect(other.stderr).toMatch(/fatal: .*ca\.pem/);
  });

  it('a bundle stops on TERM within 6 s, with exit code 0', async () => {
    const { bundle } = await scene.ready();
    const from = Date.now();
    await docker(['stop', bundle]);
    expect(Date.now() - from).toBeLessThan(6000);
    expect(await docker(['inspect', '--format', '{{.State.ExitCode}}', bundle])).toBe('0');
  });

  it('init restarts a single daemon on request, and it serves again immediately', async () => {
    const { bundle, port } = await scene.ready();
    const before = await healthOf(bundle);
    for (const daemon of ['egress', 'selftest']) {
      const restarted = await ctl(bundle, 'restart', daemon);
      expect(JSON.parse(restarted.stdout)).toMatchObject({ ok: true, restarted: daemon });
      const { proof, expected } = await scene.prove(port);
      expect(proof).toBe(expected);
    }
    const after = await healthOf(bundle);
    expect(after.daemons.map((daemon) => daemon.starts)).toEqual([2, 2]);
    expect(after.daemons[0]?.pid).not.toBe(before.daemons[0]?.pid);
    expect(await ctl(bundle, 'restart', 'bash')).toMatchObject({ exitCode: 1 });
    expect(await ctl(bundle, 'dance')).toMatchObject({ exitCode: 2 });
  });

  it('egress loads a replaced routes file, and keeps the old routes if it is invalid', async () => {
    const { bundle, port } = await scene.ready();
    // A port that is closed for listed hosts too: the response to CONNECT tells which of the two it is.
    const reasonFor = async (host: string) => {
      const { headers, socket } = await connectVia(port, `${host}:22`);
      socket.destroy();
      return headers['x-bot-bottle-reason'];
    };
    expect(await reasonFor('new.example.com')).toBe('host-unlisted');

    await scene.writeRoutes('version: 1\nroutes:\n  - host: new.example.com\n');
    await docker(['kill', '--signal', 'HUP', bundle]);
    await expect.poll(() => reasonFor('new.example.com'), { timeout: 5000 }).toBe('port-refused');
    expect(await reasonFor('api.example.com')).toBe('host-unlisted');

    await scene.writeRoutes('version: 1\nroutes:\n  - hots: x\n');
    await docker(['kill', '--signal', 'HUP', bundle]);
    await expect
      .poll(async () => (await logsOf(bundle)).stderr, { timeout: 5000 })
      .toMatch(/kept as they were: .*routes\.yaml:3/);
    expect(await reasonFor('new.example.com')).toBe('port-refused');
  });

  it('a bundle runs as any owner of the mounted files, without capabilities', async () => {
    const owned = await scene.writeAuthority('ca-of-owner');
    const giveTo = (owner: number) =>
      docker([
        ...['run', '--rm', '--user', '0:0', '--mount', `type=bind,source=${owned},target=/owned`],
        ...['--entrypoint', 'sh', scene.image, '-c', `chown -R ${owner} /owned && chmod 700 /owned`],
      ]);
    await giveTo(OWNER);
    const { bundle, port } = await scene.ready({ user: OWNER, ca: owned });
    expect(await docker(['exec', bundle, 'id', '-u'])).toBe(String(OWNER));
    expect(await scene.prove(port)).toMatchObject({ status: 200 });
    await giveTo(HOST_USER);
  });

  it('the image leaves nothing in the memory of a bundle, such as a key that all would share', async () => {
    const list = `ls -A ${CONTAINER_PATHS.run} 2>/dev/null; exit 0`;
    expect(await docker(['run', '--rm', '--entrypoint', 'sh', scene.image, '-c', list])).toBe('');
  });

  it('Docker reports the bundle as healthy', async () => {
    const { bundle } = await scene.ready();
    await expect
      .poll(() => docker(['inspect', '--format', '{{.State.Health.Status}}', bundle]), {
        timeout: 20_000,
        interval: 500,
      })
      .toBe('healthy');
  });
});

describe('bundle with unusual settings', () => {
  it('an invalid routes file prevents readiness, and the log names file, line and key', async () => {
    const bundle = await scene.run({ routes: 'version: 1\nroutes:\n  - host: API.example.com\n' });
    await expect
      .poll(async () => (await logsOf(bundle)).stderr, { timeout: 10_000 })
      .toMatch(/^\[egress\] fatal: \/etc\/bot-bottle\/egress\/routes\.yaml:3: routes\[0\]\.host: /m);
    const waited = await ctl(bundle, 'wait', '0');
    expect(waited.exitCode).toBe(1);
    expect(bundleHealth.parse(JSON.parse(waited.stdout))).toMatchObject({ ready: false });
  });

  it('an unknown daemon name ends the bundle and lists the known ones', async () => {
    const bundle = await scene.run({ daemons: 'egress,pipelok' });
    await expect
      .poll(() => docker(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', bundle]), {
        timeout: 10_000,
      })
      .toBe('exited 1');
    expect((await logsOf(bundle)).stderr).toMatch(/\[init\] fatal: .*"pipelok".*selftest, egress/);
  });

  it('a bundle without daemons idles until it is stopped', async () => {
    const bundle = await scene.run({ daemons: '' });
    expect(await ctl(bundle, 'wait', '10')).toMatchObject({
      exitCode: 0,
      stdout: '{"ready":true,"daemons":[]}',
    });
    await sleep(300);
    expect(await docker(['inspect', '--format', '{{.State.Running}}', bundle])).toBe('true');
    await docker(['stop', bundle]);
    expect(await docker(['inspect', '--format', '{{.State.ExitCode}}', bundle])).toBe('0');
  });
});
