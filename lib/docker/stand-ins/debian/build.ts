import { join } from 'node:path';
import { execa } from 'execa';
import { childEnvironment } from '../../../host/child-environment.ts';
import { docker } from '../../cli.ts';
import { installDebianPackages, onPath, runLogged } from '../../debian-host.ts';
import { labelArguments } from '../../labels.ts';
import { bookwormSources } from '../sources.ts';

/** apt settings of this machine that its mirror may need; none of them can contain a password. */
const KEPT_SETTINGS = ['Acquire::Check-Valid-Until', 'Acquire::Check-Date'];

const APT = { env: childEnvironment('network'), extendEnv: false, reject: false } as const;

export interface DebianBuild {
  tag: string;
  /** `name=value` of the label with the recipe digest. */
  recipeLabel: string;
  /** An empty directory with room for the root filesystem, about 300 MB. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

/** Builds a minimal Debian bookworm with mmdebstrap and imports it as `tag`. */
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
    // Without sources, mmdebstrap uses Debian's public archive.
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
  const { stdout } = await execa('apt-config', ['dump', ...KEPT_SETTINGS], APT);
  return stdout
    .split('\n')
    .map((line) => line.replace(/;$/, ''))
    .filter((line) => KEPT_SETTINGS.some((name) => line.startsWith(`${name} "`)) && !line.endsWith(' ""'));
}

/**
 * Returns apt's proxy settings as environment variables for mmdebstrap, which keeps them out of the image.
 */
async function aptProxies(): Promise<Record<string, string>> {
  const wanted = ['http_proxy', 'Acquire::http::Proxy', 'https_proxy', 'Acquire::https::Proxy'];
  const { stdout } = await execa('apt-config', ['shell', ...wanted], APT);
  return Object.fromEntries(
    [...stdout.matchAll(/^(https?_proxy)='([^']+)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
