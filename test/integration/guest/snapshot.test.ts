import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { SnapshotStream } from '../../../lib/freeze/snapshot-stream.ts';
import { GUEST_TOOL } from '../../../lib/guest/tool.ts';
import { copyGuestTool } from '../../support/guest-tool.ts';

let directory: string;
let tool: string;
let image: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  tool = await copyGuestTool(directory);
  image = (await ensureBaseImage('node', { say: () => {} })).reference;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Prepares a container's root by a script, and returns the archive of it. */
function snapshotAfter(script: string) {
  const mounts = ['--mount', `type=bind,source=${tool},target=${GUEST_TOOL},readonly`, '--tmpfs', '/mounted'];
  const run = [
    'run',
    '--rm',
    '-i',
    '--network',
    'none',
    ...mounts,
    '--cap-add',
    'SETFCAP',
    '--entrypoint',
    '/bin/sh',
  ];
  const result = spawnSync('docker', [...run, image, '-s'], {
    input: `set -e\nexec 3>&1 1>&2\n${script}\nexec ${GUEST_TOOL} snapshot >&3`,
    maxBuffer: 1 << 30,
  });
  expect(result.status, result.stderr.toString()).toBe(0);
  return { archive: result.stdout, reports: result.stderr.toString() };
}

it('a snapshot of a busy guest has links, holes, owners and odd names as they are, and nothing that is not on the disk', () => {
  const { archive, reports } = snapshotAfter(`
    mkdir -p /t/${'deep/'.repeat(40)} && cd /t
    echo content > file && ln file hard && ln -s /nowhere/${'long/'.repeat(30)} soft
    chown 1234:4321 file && chmod 4750 file && touch -d '1969-05-05 05:05:05 UTC' old
    printf end > "$(printf 'odd\\n\\377name')" && mkfifo pipe
    dd if=/dev/zero of=holes bs=1 count=1 seek=300M && printf middle | dd of=holes bs=1 seek=150M conv=notrunc
    truncate -s 20M hole
    echo deep > /t/${'deep/'.repeat(40)}file
    node -e 'require("net").createServer().listen("/t/socket", () => process.exit())'
    cp /bin/ls ls && node -e 0
    echo gone > /mounted/gone
    mkdir /busy && head -c 50M /dev/zero > /busy/a-big
    (while :; do echo more >> /busy/log; echo x > /busy/come-and-go; rm /busy/come-and-go; done) &
    (while :; do echo more >> /busy/a-big; done) &`);
  // 300 MB of holes are not in it.
  expect(archive.length).toBeLessThan(500_000_000);
  const stream = new SnapshotStream(() => ({ kind: 'keep' }));
  const kept = Buffer.concat(stream.push(archive));
  expect(stream.isComplete).toBe(true);
  const file = join(directory, 'snapshot.tar');
  writeFileSync(file, kept);
  const out = mkdtempSync(join(directory, 'out-'));
  const unpacked = spawnSync('sh', [
    '-c',
    `set -e; cd ${out}; tar -x --same-owner -p -f ${file} t mounted proc dev run
    stat -c '%n %u:%g %a %h' t/file t/hard; stat -c '%n %Y' t/old; readlink t/soft; ls t | wc -l; cat t/odd*
    stat -c '%n %s' t/holes t/hole; test $(stat -c %b t/holes) -lt 2000; test $(stat -c %b t/hole) -eq 0
    dd if=t/holes bs=1 skip=150M count=6 2> /dev/null; echo; find t/deep -name file -exec cat {} +
    test ! -e t/socket; test -p t/pipe; ls -A mounted proc dev run`,
  ]);
  const inode = 't/file 1234:4321 4750 2\nt/hard 1234:4321 4750 2\n';
  expect(unpacked.stdout.toString(), unpacked.stderr.toString()).toBe(
    `${inode}t/old -20804095\n/nowhere/${'long/'.repeat(30)}\n11\nendt/holes 314572801\nt/hole 20971520\nmiddle\ndeep\n` +
      'dev:\n\nmounted:\n\nproc:\n\nrun:\n',
  );
  expect(reports).toContain('mounted mounted');
  expect(reports).toContain('changed busy/a-big');
  rmSync(file);
});
