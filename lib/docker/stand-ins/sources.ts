import { access } from 'node:fs/promises';
import { execa } from 'execa';
import { childEnvironment } from '../../host/child-environment.ts';
import { runLogged } from '../debian-host.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FORMAT = ['ORIGIN', 'CODENAME', 'REPO_URI', 'RELEASE', 'COMPONENT']
  .map((field) => `$(${field})`)
  .join('|');

/**
 * Returns this machine's apt sources for bookworm in one-line style, so that stand-ins use its mirror.
 * Returns undefined if this machine is not Debian bookworm.
 */
export async function bookwormSources(signal?: AbortSignal): Promise<string | undefined> {
  let own = await listedEntries();
  if (own.length === 0) {
    // apt only knows the publisher of a source once it has downloaded the lists.
    await runLogged({ log: 'apt', command: ['apt-get', 'update'], code: 'image-unavailable', signal });
    own = await listedEntries();
  }
  if (own.length === 0) return undefined;
  const hasKeyring = await access(KEYRING).then(
    () => true,
    () => false,
  );
  const options = hasKeyring ? ` [signed-by=${KEYRING}]` : '';
  return own.map((entry) => `deb${options} ${entry.uri} ${entry.suite} main\n`).join('');
}

async function listedEntries(): Promise<{ uri: string; suite: string }[]> {
  const args = ['indextargets', '--format', FORMAT, 'Created-By: Packages'];
  return bookwormEntries(
    (await execa('apt-get', args, { env: childEnvironment('network'), extendEnv: false, reject: false }))
      .stdout,
  );
}

/**
 * Filters Debian bookworm's `main` from `apt-get indextargets`, lines of
 * `origin|codename|uri|suite|component`.
 */
export function bookwormEntries(lines: string): { uri: string; suite: string }[] {
  const entries = lines
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([origin, codename, , , component]) => {
      return (
        origin === 'Debian' && /^bookworm(-updates|-security)?$/.test(codename ?? '') && component === 'main'
      );
    })
    .map(([, codename, uri = '', suite = '']) => ({ codename, uri, suite }))
    .filter(({ uri, suite }) => /^https?:\/\/\S+$/.test(uri) && /^\S+$/.test(suite));
  // The update suites alone are not installable.
  return entries.some(({ codename }) => codename === 'bookworm')
    ? entries.map(({ uri, suite }) => ({ uri, suite }))
    : [];
}
