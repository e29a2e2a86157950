#!/usr/bin/env node
// Freezes guests of growing size, beside `smolvm machine exec tar | cat > file` of the same guest, in turn: seconds, bytes
// on disk, peak memory. Needs Docker and a smolvm of the socket tier (SMOLVM; by default the kit's fake 1.9.3).
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { columns } from '../../lib/terminal/output.ts';

const KIT = join(import.meta.dirname, '..', '..');
const SMOLVM = process.env.SMOLVM ?? join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
const SIZES = (process.env.SIZES ?? '100 1000 5000').split(' ').map(Number);
/** Each way is measured this often, in turn; the median counts. */
const ROUNDS = Number(process.env.ROUNDS ?? 3);

const root = mkdtempSync(join(tmpdir(), 'bk-'));
const env = {
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  HOME: root,
  BOT_BOTTLE_HOME: join(root, 'home'),
  BOT_BOTTLE_CACHE: join(root, 'cache'),
  SMOLVM,
};

function kit(script: string, ...args: string[]): string {
  const path = join(KIT, 'scripts', `${script}.ts`);
  return execFileSync(process.execPath, [path, '--quiet', ...args], { env, cwd: KIT, encoding: 'utf8' });
}

interface Measured {
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Runs a program to its end. */
async function measured(program: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = spawn(program, args, { env, cwd: KIT, stdio: 'ignore' });
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid ?? 0));
  }, 50);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1000, peakBytes };
}

/** The most memory that a process has had so far, in bytes; 0 when it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

mkdirSync(join(env.BOT_BOTTLE_HOME, 'bottles'), { recursive: true });
mkdirSync(join(env.BOT_BOTTLE_HOME, 'agents'));
const dockerfile = join(KIT, 'fixtures', 'agents', 'demo', 'Dockerfile');
const provider = `agent_provider: { template: command, dockerfile: ${dockerfile}, command: ["true"] }`;
writeFileSync(join(env.BOT_BOTTLE_HOME, 'bottles', 'bench.md'), `---\n${provider}\n---\n`);
writeFileSync(join(env.BOT_BOTTLE_HOME, 'agents', 'bench.md'), '---\nbottle: bench\n---\n');
const slug = kit('prepare', '--agent', 'bench').trim();
const rows: string[][] = [
  ['GUEST', 'exec tar | cat', 'freeze', 'RATIO', 'with search', 'RATIO', 'copies on disk', 'peak memory'],
];
try {
  kit('up', '--bottle', slug);
  const plain = join(root, 'plain.tar');
  const excluded = ['proc', 'sys', 'dev', 'run'].map((name) => `--exclude=./${name}`).join(' ');
  const tar = `'${SMOLVM}' machine exec --name bot-bottle-${slug} -i -- tar -c ${excluded} -C / . | cat > '${plain}'`;
  const freeze = [join(KIT, 'scripts', 'freeze.ts'), '--bottle', slug, '--quiet'];
  let held = 0;
  for (const megabytes of SIZES) {
    // Half in big files, half in files of 20 kB, neither compressible.
    const more = megabytes - held;
    const script = `mkdir -p ~/b${megabytes} && cd ~/b${megabytes} && head -c ${more / 2}M /dev/urandom > big
      head -c ${more / 2}M /dev/urandom | split -b 20000 -a 6 -`;
    execFileSync(
      process.execPath,
      [join(KIT, 'scripts', 'exec.ts'), '--bottle', slug, '--', 'sh', '-c', script],
      { env },
    );
    held = megabytes;
    const times = { tar: [] as number[], freeze: [] as number[], search: [] as number[] };
    const peaks: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      times.tar.push((await measured('sh', ['-c', tar])).seconds);
      const quick = await measured(process.execPath, [...freeze, '--no-search']);
      times.freeze.push(quick.seconds);
      const full = await measured(process.execPath, freeze);
      times.search.push(full.seconds);
      peaks.push(quick.peakBytes, full.peakBytes);
    }
    const state = Number(
      execFileSync('du', ['-sB1', join(env.BOT_BOTTLE_HOME, 'state', slug)])
        .toString()
        .split('\t')[0],
    );
    const one = statSync(plain).size;
    const [base, bare, searched] = [median(times.tar), median(times.freeze), median(times.search)];
    rows.push([
      `${Math.round(one / 1e6)} MB`,
      ...[`${base.toFixed(1)} s`, `${bare.toFixed(1)} s`, (bare / base).toFixed(2)],
      ...[`${searched.toFixed(1)} s`, (searched / base).toFixed(2), (state / one).toFixed(2)],
      `${Math.round(Math.max(...peaks) / 1e6)} MB`,
    ]);
    rmSync(plain);
  }
} finally {
  kit('teardown', '--bottle', slug, '--discard');
  rmSync(root, { recursive: true, force: true });
}
process.stdout.write(`${columns(rows)}\n`);
