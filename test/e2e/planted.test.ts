import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineHolds, KIT, ON_ALL_FAKES, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

/** Programs that a script of the kit may call in the guest, and start-up files of shells. */
const PROGRAMS =
  'runuser su sh bash env id test true cat stty mkdir mv rm cp chown chmod grep base64 kill setsid sleep uname ls update-ca-certificates';

/**
 * The agent's first session plants programs where its PATH looks first, start-up files, and links where the
 * kit once wrote. Later sessions report what ran as root.
 */
const AGENT = `#!/bin/sh
cd /home/node
if [ ! -e planted ]; then
  mkdir -p bin
  for name in ${PROGRAMS}; do
    printf '#!/bin/sh\\n[ "$(/usr/bin/id -u)" != 0 ] || echo %s >> /home/node/as-root\\nPATH=/usr/sbin:/usr/bin exec %s "$@"\\n' "$name" "$name" > "bin/$name"
  done
  chmod 755 bin/*
  echo '[ "$(/usr/bin/id -u)" != 0 ] || echo start-up file >> /home/node/as-root' > .shrc
  ln -sf /etc/passwd .bot-bottle-prompt.txt
  ln -sf /etc/passwd .bot-bottle-prompt.txt.bot-bottle.tmp
  echo done > planted
  exit 0
fi
/usr/bin/cat as-root 2> /dev/null
/usr/bin/grep -c '^node:' /etc/passwd
/usr/bin/cat .bot-bottle-prompt.txt
`;

const DOCKERFILE = `ARG BASE_IMAGE
FROM \${BASE_IMAGE}
COPY agent.sh /opt/agent.sh
ENV PATH=/home/node/bin:$PATH ENV=/home/node/.shrc BASH_ENV=/home/node/.shrc
USER node
CMD ["sh", "-c", "[ $(id -u) != 0 ] || echo image command >> /home/node/as-root; sleep 3600"]
`;

// In the other tier, what is planted in test/e2e/escape meets the same.
describe.each(ON_ALL_FAKES ? ['0.8.0', '1.9.3'] : ['1.9.3'])('with smolvm %s', (version) => {
  let user: Sandbox;
  let slug = '';

  beforeAll(async () => {
    user = sandbox();
    user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
    const image = join(user.root, 'image');
    mkdirSync(image);
    writeFileSync(join(image, 'agent.sh'), AGENT);
    writeFileSync(join(image, 'Dockerfile'), DOCKERFILE);
    const environment =
      'env:\n  ENV: /home/node/.shrc\n  PATH: /home/node/bin:/usr/local/bin:/usr/bin:/usr/sbin\n';
    await user.writeAgent('planter', ['sh', '/opt/agent.sh'], environment, join(image, 'Dockerfile'));
    slug = (await user.run('prepare', ['--agent', 'planter'])).stdout.trim();
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug]);
    expect((await engineHolds()).filter((name) => name.includes('-planter-'))).toEqual([]);
  });

  it('nothing that the agent planted runs as root, or is written through, when the bottle is used again', async () => {
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
    const first = await user.run('attach', ['--bottle', slug]);
    expect(first.exitCode, first.stderr).toBe(0);
    const second = await user.run('attach', ['--bottle', slug]);
    expect(second.stdout).toMatch(/^1\n/);
    const provisioned = await user.run('provision', ['--bottle', slug, '--force']);
    expect(provisioned.exitCode, provisioned.stderr).toBe(0);
    // The probe, too.
    const again = await user.run('up', ['--bottle', slug]);
    expect(again.exitCode, again.stderr).toBe(0);
    const third = await user.run('attach', ['--bottle', slug]);
    expect(third.stdout).toBe('1\nBe good.');
    expect(third.exitCode, third.stderr).toBe(0);
  });
});
