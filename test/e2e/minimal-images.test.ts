import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SELFTEST_HOST, SELFTEST_PROVE_PATH } from '../../lib/daemons/contract/selftest/selftest.ts';
import { engineHolds, KIT, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const FAKES = join(KIT, 'smolvm-fakes', 'bin');

/** Returns what the engine still has of an agent's bottles. */
const leftOf = async (agent: string) => (await engineHolds()).filter((name) => name.includes(`-${agent}-`));

/** Writes an image's Dockerfile and its context; returns the Dockerfile's path. */
function imageOf(
  user: Sandbox,
  lines: readonly string[],
  files: Readonly<Record<string, string>> = {},
): string {
  const directory = join(user.root, 'image');
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const dockerfile = join(directory, 'Dockerfile');
  writeFileSync(dockerfile, `${lines.join('\n')}\n`);
  return dockerfile;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's own
const DEBIAN = ['ARG BASE_IMAGE', 'FROM ${BASE_IMAGE} AS debian'];
/** Busybox and nothing else: what Alpine's image has, apart from its C library, which busybox needs not. */
const BUSYBOX = [
  ...DEBIAN,
  'RUN apt-get update && apt-get install --yes --no-install-recommends busybox-static',
  'FROM scratch',
  'COPY --from=debian /bin/busybox /bin/busybox',
  'RUN ["/bin/busybox", "sh", "-c", "/bin/busybox --install -s /bin && mkdir -p /etc /root"]',
  'ENV PATH=/bin',
];
/** What python:slim has: neither node, runuser nor CA certificates, and no user but those of the system. */
const PYTHON = [
  ...DEBIAN,
  'RUN apt-get update && apt-get install --yes --no-install-recommends python3-minimal libpython3-stdlib',
  'RUN userdel --remove node',
  'RUN rm -rf /usr/local/bin/* /etc/ssl/certs /usr/sbin/update-ca-certificates /usr/share/ca-certificates /usr/sbin/runuser',
];

describe('images that people have', () => {
  const launcher = (version: string) => {
    const user = sandbox();
    user.smolvm = join(FAKES, `smolvm-${version}`);
    return user;
  };

  it('an image with nothing but busybox runs its own command, as a user that the kit adds, and knows localhost', async () => {
    const user = launcher('0.8.0');
    const show =
      'id -un; pwd; echo $HOME; echo $PATH; grep -c BEGIN $SSL_CERT_FILE; for name in localhost $(hostname); do ping -c 1 -W 1 $name | head -1; done; cat /etc/hosts';
    const lines = [...BUSYBOX, 'ENTRYPOINT ["/bin/sh", "-c"]', `CMD [${JSON.stringify(show)}]`];
    const provider = `agent_provider: {template: command, dockerfile: ${imageOf(user, lines)}}`;
    await user.writeManifest('bottles', 'tiny', `---\n${provider}\nenv: {PATH: "/opt/x:$PATH"}\n---\n`);
    await user.writeManifest('agents', 'tiny', '---\nbottle: tiny\n---\n');
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'tiny']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^agent\n\/home\/agent\n\/home\/agent\n\/opt\/x:\/bin\n1\n/);
    expect(stdout).toMatch(/^PING localhost \((127\.0\.0\.1|::1)\).*\nPING \S+ \(127\.0\.0\.1\)/m);
    expect(stdout).toMatch(/^127\.0\.0\.1 localhost$/m);
    expect(stdout).toMatch(/^::1 localhost$/m);
    expect(stderr).toContain('runs as agent');
    expect(await leftOf('tiny')).toEqual([]);
  });

  it('USER, WORKDIR and ENV of a Python image without CA certificates hold, and it reaches what egress allows', async () => {
    const user = launcher('1.9.3');
    const url = `https://${SELFTEST_HOST}${SELFTEST_PROVE_PATH}?challenge=${'ab'.repeat(16)}`;
    const agent = [
      'import os, urllib.request',
      'print(os.getuid(), os.getgid(), os.getgroups(), os.getcwd())',
      'print(*[os.environ[name] for name in ("HOME", "USER", "GREETING")])',
      'open(os.path.expanduser("~/mine"), "w").close()',
      `print(urllib.request.urlopen("${url}").status)`,
      '',
    ].join('\n');
    const lines = [
      ...PYTHON,
      'RUN groupadd --gid 99 more && useradd --uid 77 --user-group --groups more --create-home dev',
      'COPY agent.py /opt/',
      'ENV GREETING="good day" HOME=/elsewhere',
      'USER dev',
      'WORKDIR /work',
    ];
    const dockerfile = imageOf(user, lines, { 'agent.py': agent });
    await user.writeAgent('snake', ['python3', '/opt/agent.py'], '', dockerfile);
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'snake']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^77 (\d+) \[(99, \1|\1, 99)\] \/work\n\/home\/dev dev good day\n200\n$/);
  });
});

describe('images that lack something', () => {
  it('an image without a shell is refused before anything boots, with one clear reason', async () => {
    const user = sandbox();
    user.smolvm = join(FAKES, 'smolvm-1.9.3');
    const lines = [...BUSYBOX, 'FROM scratch', 'COPY --from=debian /bin/busybox /agent'];
    await user.writeAgent('none', ['/agent'], '', imageOf(user, lines));
    const { exitCode, stderr } = await user.run('launch', ['--agent', 'none']);
    expect(exitCode).toBe(71);
    expect(stderr).toContain('the agent’s image has no /bin/sh, which the kit needs in the guest');
    expect(stderr).not.toContain('start-guest');
    expect(await leftOf('none')).toEqual([]);
    for (const slug of await user.bottles()) await user.run('teardown', ['--bottle', slug]);
  });
});
