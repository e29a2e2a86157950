import { join } from 'node:path';
import { execa } from 'execa';
import { docker } from '../../cli.ts';
import { installDebianPackages, onPath, runLogged } from '../../debian-host.ts';
import { labelArguments } from '../../labels.ts';
import { bookwormSources } from '../sources.ts';

/** Settings of this machine's apt that its mirror may depend on; none of them can hold a password. */
const KEPT_SETTINGS = ['Acquire::Check-Valid-Until', 'Acquire::Check-Date'];

export interface DebianBuild {
  tag: string;
  /** `name=value` of the label that tells which recipe it was made by. */
  recipeLabel: string;
  /** An empty directory on a disk with room for the root filesystem, about 300 MB. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

/** Imports a minimal Debian bookworm, made by mmdebstrap from Debian's packages, as `tag`. */
export async function buildDebian({ tag, recipeLabel, scratch, signal }: DebianBuild): Promise<void> {
  if (!(await onPath('mmdebstrap'))) await installDebianPackages(['mmdebstrap'], 'image-unavailable', signal);
  const archive = join(scratch, 'debian.tar');
  const hooks = join(import.meta.dirname, 'hooks.sh');
  const sources = await bookwormSources(signal);
  const settings = ['Acquire::Languages "none"', 'Acquire::GzipIndexes "true"', ...(await aptSettings())];
  const command = [
    ...['mmdebstrap', '--mode=root', '--variant=minbase', '--skip=output/dev', '--include=ca-certificates'],
    ...settings.map((setting) => `--aptopt=${setting}`),
    ...['--setup-hook=sh "$HOOKS" setup "$1"', '--customize-hook=sh "$HOOKS" customize "$1"'],
    // Without sources of its own mmdebstrap takes Debian's public archive.
    ...['bookworm', archive, ...(sources === undefined ? [] : ['-'])],
  ] as const;
  await runLogged({
    log: 'mmdebstrap',
    command,
    code: 'image-unavailable',
    ...(sources === undefined ? {} : { input: sources }),
    env: { TMPDIR: scratch, HOOKS: hooks, ...(await aptProxies()) },
    signal,
  });
  const changes = ['CMD ["bash"]', `LABEL ${recipeLabel}`, ...labelChanges()];
  const args = ['import', ...changes.flatMap((change) => ['--change', change]), archive, tag];
  await docker(args, signal === undefined ? {} : { signal });
}

function labelChanges(): string[] {
  return labelArguments('base')
    .filter((argument) => argument !== '--label')
    .map((label) => `LABEL ${label}`);
}

async function aptSettings(): Promise<string[]> {
  const { stdout } = await execa('apt-config', ['dump', ...KEPT_SETTINGS], { reject: false });
  return stdout
    .split('\n')
    .map((line) => line.replace(/;$/, ''))
    .filter((line) => KEPT_SETTINGS.some((name) => line.startsWith(`${name} "`)) && !line.endsWith(' ""'));
}

/** apt's own proxy settings as the environment that mmdebstrap reads: they are used, and stay out of the image. */
async function aptProxies(): Promise<Record<string, string>> {
  const wanted = ['http_proxy', 'Acquire::http::Proxy', 'https_proxy', 'Acquire::https::Proxy'];
  const { stdout } = await execa('apt-config', ['shell', ...wanted], { reject: false });
  return Object.fromEntries(
    [...stdout.matchAll(/^(https?_proxy)='([^']+)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
