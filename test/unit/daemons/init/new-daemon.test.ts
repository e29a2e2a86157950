import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..', '..', '..');

const DEFINITION = `import type { DaemonDefinition } from '../daemon.ts';
export const dummy: DaemonDefinition = { port: 19876, mayRead: (name) => name === 'DUMMY_GREETING', workers: ['helper'] };
`;

const MAIN = `import { createServer } from 'node:http';
createServer((_request, response) => response.end(process.env.DUMMY_GREETING)).listen(19876, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

/** Runs the parts of init in the copy and prints what they do with the new daemon. */
const CHECK = `import { bundledPrograms } from './lib/bundle/programs.ts';
import { daemonPort } from './lib/daemons/contract/daemons.ts';
import { bundleHealth } from './lib/daemons/contract/init/health.ts';
import { daemonCommand } from './lib/daemons/init/daemon-command.ts';
import { daemonEnvironment } from './lib/daemons/init/daemon-environment.ts';
import { DaemonRunner } from './lib/daemons/init/daemon-runner.ts';
import { requestedDaemons } from './lib/daemons/init/requested-daemons.ts';
import { TIMINGS } from './lib/daemons/init/timings.ts';
import { readFile } from 'node:fs/promises';

const bundle = { PATH: process.env.PATH, DUMMY_GREETING: 'hello', EGRESS_TOKEN_0: 'secret' };
const [health, control] = process.argv.slice(2);
const daemons = requestedDaemons('dummy').map((name) => ({
  name,
  port: daemonPort(name),
  command: daemonCommand(name, bundle),
  environment: daemonEnvironment(name, bundle),
}));
const { stdout, stderr } = process;
const runner = new DaemonRunner({ daemons, health, control, stdout: stderr, stderr, timings: TIMINGS });
await runner.start();
const isReady = async () => bundleHealth.parse(JSON.parse(await readFile(health, 'utf8'))).ready;
while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 20));
const greeting = await (await fetch('http://127.0.0.1:19876/')).text();
await runner.stop('SIGTERM');
const programs = (await bundledPrograms()).programs.map(({ path }) => path).filter((path) => path.startsWith('dummy/'));
stdout.write(JSON.stringify({ greeting, sees: Object.keys(daemons[0].environment), programs }));
process.exit(0);
`;

it('adding a daemon takes only its folder, its contract and a line in the daemon list', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'new-daemon-'));
  try {
    await cp(join(KIT, 'lib'), join(copy, 'lib'), { recursive: true });
    await cp(join(KIT, 'package.json'), join(copy, 'package.json'));
    await symlink(join(KIT, 'node_modules'), join(copy, 'node_modules'));
    const daemons = join(copy, 'lib', 'daemons');
    await mkdir(join(daemons, 'dummy'));
    await writeFile(join(daemons, 'dummy', 'main.ts'), MAIN);
    await writeFile(join(daemons, 'dummy', 'helper.ts'), 'export {};\n');
    await mkdir(join(daemons, 'contract', 'dummy'));
    await writeFile(join(daemons, 'contract', 'dummy', 'daemon.ts'), DEFINITION);
    const list = join(daemons, 'contract', 'daemons.ts');
    const text = await readFile(list, 'utf8');
    const added = `import { dummy } from './dummy/daemon.ts';\n${text.replace('  selftest,\n', '  dummy,\n  selftest,\n')}`;
    expect(added).toContain('  dummy,\n');
    await writeFile(list, added);
    await writeFile(join(copy, 'check.ts'), CHECK);

    const args = [join(copy, 'check.ts'), join(copy, 'health.json'), join(copy, 'control.sock')];
    const { stdout } = await execa(process.execPath, args, { timeout: 25_000 });
    const { greeting, sees, programs } = JSON.parse(stdout);
    expect(greeting).toBe('hello');
    expect(sees).toEqual(expect.arrayContaining(['PATH', 'DUMMY_GREETING']));
    expect(sees).not.toContain('EGRESS_TOKEN_0');
    expect(programs.toSorted()).toEqual(['dummy/helper.mjs', 'dummy/main.mjs']);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
