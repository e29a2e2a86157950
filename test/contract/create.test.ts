import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { named } from '../support/contract/grammar.ts';
import { open, patchRecord, recordOf } from '../support/contract/state.ts';
import { atLeast } from '../support/contract/version.ts';

const FIELDS = [
  ...[
    'name',
    'created_at',
    'state',
    'pid',
    'pid_start_time',
    'cpus',
    'mem',
    'mounts',
    'ports',
    'network',
    'gpu',
  ],
  ...['gpu_vram_mib', 'restart', 'last_exit_code', 'init', 'init_completed', 'env', 'workdir', 'storage_gb'],
  ...['overlay_gb', 'allowed_cidrs', 'image', 'entrypoint', 'cmd', 'health_cmd', 'health_interval_secs'],
  ...['health_timeout_secs', 'health_retries', 'health_startup_grace_secs', 'ssh_agent', 'ephemeral'],
];

/** `--from` honors --allow-cidr. */
const keepsPolicy = atLeast('1.8.0');

describe('machine create', () => {
  let fixture: Fixture;
  let sidecar: string;

  beforeAll(async () => {
    fixture = await Fixture.start();
    const image = {
      entrypoint: ['sleep'],
      cmd: ['600'],
      env: ['FROM_IMAGE=1', 'BOTH=image'],
      workdir: '/tmp',
    };
    sidecar = await fixture.pack(fixture.publish('create:1', image), '--cpus', '2', '--mem', '1024');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const create = (name: string, ...args: string[]) =>
    fixture.home.run(['machine', 'create', ...named(name), ...args]);

  it('create prints what it created and how to continue', async () => {
    expect(await create('plain', '--cpus', '2', '--mem', '512', '-p', '8080:80', '--init', 'true')).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'Created machine: plain\n  CPUs: 2, Memory: 512 MiB\n  Ports: 1\n  Init commands: 1\n\n' +
        "Use 'smolvm machine start --name plain' to start the machine\n" +
        "Then use 'smolvm machine exec --name plain -- <command>' to run commands\n",
    });
  });

  it('create generates a name when none is given', async () => {
    expect(await fixture.home.ok('machine', 'create')).toMatch(/^Created machine: vm-[0-9a-f]{8}\n/);
  });

  it("create stores the record as a BLOB of compact JSON, in smolvm's field order", async () => {
    await create('fields');
    using database = open(fixture.home);
    const row = database.sqlite.prepare("SELECT typeof(data) t, data FROM vms WHERE name = 'fields'").get();
    expect(row?.t).toBe('blob');
    expect(Object.keys(recordOf(fixture.home, 'fields'))).toEqual(FIELDS);
    expect(database.sqlite.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    const keys = database.sqlite.prepare('SELECT key FROM config ORDER BY key').all();
    expect(keys.map(({ key }) => key)).toEqual([
      'default_cpus',
      'default_dns',
      'default_mem',
      'storage_volume',
      'version',
    ]);
  });

  it('start cannot read a record that is stored as TEXT', async () => {
    await create('text');
    using database = open(fixture.home);
    database.sqlite.exec("UPDATE vms SET data = CAST(data AS TEXT) WHERE name = 'text'");
    const { code, stderr } = await fixture.home.run(['machine', 'start', '-n', 'text']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Error: database operation failed/),
    });
    database.sqlite.exec("DELETE FROM vms WHERE name = 'text'");
  });

  it('missing record fields get defaults, and the next write drops unknown ones', async () => {
    await create('sparse');
    using database = open(fixture.home);
    const sparse = Buffer.from('{"name":"sparse","created_at":1,"state":"stopped","shiny":true}');
    database.sqlite.prepare("UPDATE vms SET data = ? WHERE name = 'sparse'").run(sparse);
    await fixture.home.ok('machine', 'update', ...named('sparse'), '--cpus', '3');
    expect(recordOf(fixture.home, 'sparse')).toMatchObject({ cpus: 3, mem: 512, allowed_cidrs: null });
    expect(recordOf(fixture.home, 'sparse')).not.toHaveProperty('shiny');
  });

  it('--allow-cidr without --from turns the network on and keeps host bits', async () => {
    await create('cidrs', '--allow-cidr', '10.1.2.3/8', '--allow-cidr', '1.1.1.1');
    expect(recordOf(fixture.home, 'cidrs')).toMatchObject({
      network: true,
      allowed_cidrs: ['10.1.2.3/8', '1.1.1.1/32'],
    });
  });

  it('create silently drops env entries without a key or `=`, and stores the rest as plain text', async () => {
    await create('env', '-e', 'TOKEN=s3cret', '-e', 'LONELY', '-e', '=x');
    expect(recordOf(fixture.home, 'env').env).toEqual([['TOKEN', 's3cret']]);
    expect(await fixture.home.ok('machine', 'ls', '-v')).toContain('  Env: TOKEN=s3cret\n');
    expect(await fixture.home.ok('machine', 'ls', '--json')).not.toContain('s3cret');
  });

  it.each([
    ['', 'machine name cannot be empty'],
    ['-', 'machine name must start with a letter or digit (got: "-")'],
    ['_x', 'machine name must start with a letter or digit (got: "_")'],
    ['x-', 'machine name cannot end with a hyphen'],
    ['a--b', 'machine name cannot contain consecutive hyphens'],
    ['a/b', 'machine name cannot contain path separators'],
    ['a b', "machine name contains invalid character: ' '"],
    ['x'.repeat(129), 'machine name too long: 129 characters (max 128)'],
  ])('create refuses the name %j', async (name, reason) => {
    const { code, stderr } = await create(name);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Error: config operation failed: create machine: ${reason}\n`,
    });
  });

  it.each([
    [['--cpus', '0'], 'validate resources: CPU count must be at least 1'],
    [['--mem', '63'], 'validate resources: memory must be at least 64 MiB (got 63 MiB)'],
    [['--storage', '0'], 'validate resources: storage disk size must be greater than 0 GiB'],
    [
      ['-p', '80:1', '-p', '80:2'],
      'validate ports: duplicate host port 80: each host port can only be mapped once',
    ],
  ])('create refuses %j and stores nothing', async (flags, reason) => {
    const { code, stderr } = await create('refused', ...flags);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `Error: config operation failed: ${reason}\n` });
    expect(() => recordOf(fixture.home, 'refused')).toThrow();
  });

  it('create refuses a taken name, even when two creates run at the same time', async () => {
    const both = await Promise.all([create('twin'), create('twin')]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    const loser = both.find(({ code }) => code === 1);
    expect(loser?.stderr).toMatch(
      /^Error: config operation failed: create machine: machine 'twin' already exists/,
    );
  });

  describe('machine create --from', () => {
    it("--from uses the pack's values, not --workdir, nor --allow-cidr before 1.8.0", async () => {
      const flags = ['--allow-cidr', '127.0.0.16/32', '--workdir', '/nope', '-e', 'BOTH=cli'];
      const { stdout } = await create('packed', '--from', sidecar, ...flags);
      expect(stdout).toMatch(
        /^Extracting \.smolmachine assets\.\.\.\nCreated machine: packed\n {2}CPUs: 2, Memory: 1024 MiB\n/,
      );
      expect(recordOf(fixture.home, 'packed')).toMatchObject({
        state: 'created',
        network: keepsPolicy,
        allowed_cidrs: keepsPolicy ? ['127.0.0.16/32'] : null,
        entrypoint: ['sleep'],
        cmd: ['600'],
        workdir: '/tmp',
        cpus: 2,
        mem: 1024,
        env: [
          ['FROM_IMAGE', '1'],
          ['BOTH', 'image'],
          ['BOTH', 'cli'],
        ],
        source_smolmachine: sidecar,
      });
    });

    it('--from with --net and --allow-cidr sets no policy before 1.8.0', async () => {
      await create('netted', '--from', sidecar, '--net', '--allow-cidr', '127.0.0.16/32');
      expect(recordOf(fixture.home, 'netted')).toMatchObject({
        network: true,
        allowed_cidrs: keepsPolicy ? ['127.0.0.16/32'] : null,
      });
    });

    it('--from skips the size checks before 1.9.3', async () => {
      expect((await create('tiny', '--from', sidecar, '--mem', '1')).code).toBe(atLeast('1.9.3') ? 1 : 0);
    });

    it('--from checks the name before unpacking, since 1.0.0', async () => {
      const { code, stdout, stderr } = await create('packed', '--from', sidecar);
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: atLeast('1.0.0') ? '' : 'Extracting .smolmachine assets...\n',
      });
      expect(stderr).toContain("machine 'packed' already exists");
    });

    it('--from refuses a file that is missing, too short, or not a pack', async () => {
      const bad = join(fixture.home.path, 'bad');
      expect((await create('bad', '--from', bad)).stderr).toBe(
        `Error: config operation failed: create from .smolmachine: file not found: ${bad}\n`,
      );
      await writeFile(bad, 'short');
      expect((await create('bad', '--from', bad)).stderr).toMatch(
        /^Error: agent operation failed: read \.smolmachine: /,
      );
      await writeFile(bad, 'x'.repeat(500));
      expect((await create('bad', '--from', bad)).stderr).toBe(
        'Error: agent operation failed: read .smolmachine: invalid magic: expected SMOLPACK\n',
      );
    });

    it('every start of a packed machine needs the pack again', async () => {
      await create('moved', '--from', sidecar);
      await rename(sidecar, `${sidecar}.away`);
      try {
        const { code, stderr } = await fixture.home.run(['machine', 'start', '-n', 'moved']);
        expect(code).toBe(1);
        expect(stderr).toContain(
          `start machine: source .smolmachine not found: ${sidecar}\nThe file may have been moved or deleted.`,
        );
      } finally {
        await rename(`${sidecar}.away`, sidecar);
      }
    });

    it('ls --json shows the fields that scripts read, but neither policy nor environment', async () => {
      patchRecord(fixture.home, 'packed', { allowed_cidrs: ['127.0.0.16/32'] });
      const listed = JSON.parse(await fixture.home.ok('machine', 'ls', '--json')) as Record<
        string,
        unknown
      >[];
      const machine = listed.find(({ name }) => name === 'packed') ?? {};
      expect(Object.keys(machine)).toEqual(Object.keys(machine).sort());
      expect(machine).toMatchObject({
        state: 'created',
        network: keepsPolicy,
        memory_mib: 1024,
        mounts: 0,
        pid: null,
      });
      expect(JSON.stringify(machine)).not.toMatch(/127\.0\.0\.16|FROM_IMAGE/);
    });
  });

  it("data-dir prints the folder that holds the machine's files", async () => {
    const hash = createHash('sha256').update('packed').digest('hex').slice(0, 16);
    const folder = join(fixture.home.path, 'c/smolvm/vms', hash);
    expect(await fixture.home.ok('machine', 'data-dir', ...named('packed'))).toBe(`${folder}\n`);
    for (const file of ['name', 'storage.raw', 'overlay.raw'])
      expect(existsSync(join(folder, file))).toBe(true);
  });
});
