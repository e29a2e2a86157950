import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { KIT } from '../../../support/kit.ts';
import type { HostAttack } from './host-attack.ts';

const HOST = 'rebound.example';

/**
 * Asks for a host until another answer comes than the first one; prints both. The pauses are longer than the upstream keeps an
 * idle connection open, for which no name is looked up again.
 */
const ASK = `ask() { curl -s -m 20 -o /dev/null -w '%{http_code} %header{x-bot-bottle-reason}\\n' https://${HOST}/; }
first=$(ask); echo "$first"; echo asked >&2
for try in $(seq 5); do sleep 7; next=$(ask); [ "$next" = "$first" ] || break; done
echo "$next"`;

export const REBINDING: readonly HostAttack[] = [
  {
    name: 'rebinding: an allowed name that resolves to the metadata service from its second request on',
    as: 'host',
    tiers: ['alias'],
    meets: /200, 502 address-refused/,
    async run({ user, slug }) {
      const container = `bot-bottle-sidecars-${slug}`;
      const { stdout: hosts } = await execa('docker', ['inspect', '--format', '{{.HostsPath}}', container]);
      const exec = [join(KIT, 'scripts', 'exec.ts'), '--bottle', slug, '--', '/bin/sh', '-c', ASK];
      const asking = execa(process.execPath, exec, {
        env: user.env,
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
      asking.stderr.once('data', async () => {
        // In place, since the container has the file itself. A hosts file is asked before any server.
        await writeFile(hosts, `169.254.169.254 ${HOST}\n${await readFile(hosts, 'utf8')}`);
      });
      const { stdout } = await asking;
      return stdout
        .split('\n')
        .map((line) => line.trim())
        .join(', ');
    },
  },
];
