import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Programs that the tests run in guests. All are Essential on Debian, so no image has to be downloaded. */
const PROGRAMS = [
  ...['sh', 'cat', 'chmod', 'chown', 'cp', 'env', 'hostname', 'id', 'ln', 'ls', 'mkdir', 'mknod', 'mount'],
  ...['mv', 'perl', 'pwd', 'rm', 'sleep', 'stat', 'stty', 'tail', 'touch', 'true', 'unshare', 'yes', 'head'],
];

/** Perl's core modules, which the guest's socket tests need. */
const PERL_MODULES = (
  await execa('perl', ['-MSocket', '-MIO::Socket', '-e', 'print join "\\n", values %INC'])
).stdout.split('\n');

/** Builds a small root filesystem from the host's own programs. Remove it when done. */
export async function buildRootfs(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'contract-rootfs-'));
  for (const folder of ['bin', 'etc', 'home/node', 'proc', 'sys', 'dev', 'tmp', 'root', 'var/tmp']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  const libraries = new Set<string>();
  for (const name of PROGRAMS) {
    const { stdout: path } = await execa('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', name], {
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
      extendEnv: false,
    });
    // Shell builtins have no path here, but coreutils has a file for each.
    const file = path.startsWith('/') ? path : `/bin/${name}`;
    await copyFile(await realpath(file), join(root, 'bin', name));
    await chmod(join(root, 'bin', name), 0o755);
    for (const library of await librariesOf(file)) libraries.add(library);
  }
  for (const path of [...libraries, ...PERL_MODULES, ...(await perlObjects(libraries))])
    await place(root, path);
  await mkdir(join(root, 'usr'), { recursive: true });
  await symlink('../bin', join(root, 'usr/bin'));
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  await writeFile(join(root, 'home/node/notes'), 'mine\n');
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(join(root, 'home/node'), 0o750);
  return root;
}

async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await execa('ldd', [program], { reject: false });
  return [...stdout.matchAll(/(\/\S+)\s+\(0x/g)].flatMap(([, path]) => path ?? []);
}

async function perlObjects(libraries: Set<string>): Promise<string[]> {
  const script = 'require Config; print join "\\n", @INC';
  const { stdout } = await execa('perl', ['-e', script]);
  const wanted = new Set(['Socket.so', 'IO.so', 'POSIX.so', 'List/Util.so']);
  const found: string[] = [];
  for (const folder of stdout.split('\n')) {
    const auto = join(folder, 'auto');
    const names = await readdir(auto, { recursive: true }).catch(() => []);
    for (const name of names) {
      if ([...wanted].some((object) => name.endsWith(object))) found.push(join(auto, name));
    }
  }
  for (const object of found) for (const library of await librariesOf(object)) libraries.add(library);
  return [...found, ...libraries];
}

async function place(root: string, path: string): Promise<void> {
  const target = join(root, path);
  if (await lstat(target).catch(() => undefined)) return;
  await mkdir(dirname(target), { recursive: true });
  await copyFile(await realpath(path), target);
  await chmod(target, 0o755);
}

export const removeRootfs = (root: string) => rm(root, { recursive: true, force: true });
