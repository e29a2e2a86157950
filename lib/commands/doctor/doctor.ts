import { ALIAS_POOL, missingAliases } from '../../channels/alias-pool.ts';
import { describeKey } from '../../deploy-keys/revoke-key.ts';
import { strandedKeys } from '../../deploy-keys/stranded-keys.ts';
import { dockerTry } from '../../docker/cli.ts';
import { usedAliases } from '../../docker/used-aliases.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { cacheDirectory, homeDirectory } from '../../host/directories.ts';
import { freeBytes, nearestExisting } from '../../prepare/disk.ts';
import { assertFakeRuns, fakeObstacles } from '../../prepare/fake-smolvm.ts';
import { assertHomeKeepsFiles } from '../../prepare/home-files.ts';
import { checkKvm } from '../../prepare/kvm.ts';
import { demoSmolvm, isFakeSmolvm } from '../../prepare/smolvm.ts';
import { assertSocketPathsFit } from '../../prepare/socket-paths.ts';
import { findSmolvm, installHint } from '../../smolvm/binary.ts';
import { type Tier, tierOf } from '../../smolvm/version.ts';
import { checkAgentVersions } from './agent-versions.ts';
import type { Check } from './check.ts';

/** Free bytes that a first launch needs for image, tarball and artifact, with a margin. */
const SPACE_WANTED = 4 * 1024 ** 3;

/** What each tier means for the operator. */
const IMPLIED: Readonly<Record<Tier, string>> = {
  alias: 'the guest can reach all ports of one loopback address',
  socket: 'the guest gets no network, but one socket per daemon',
};

/** Checks everything that a launch depends on, without changing anything. */
export async function diagnose(): Promise<Check[]> {
  const checks = [
    check('node', async () => ({ detail: process.version })),
    check('docker', checkEngine),
    check('smolvm', checkSmolvm),
    check('kvm', checkKvmDevice),
    check('disk', checkDisk),
    check('aliases', checkAliases),
    check('deploy keys', checkDeployKeys),
    check('home', checkHome),
  ];
  const [found, agents] = await Promise.all([Promise.all(checks), checkAgentVersions(homeDirectory())]);
  return [...found, ...agents];
}

type Finding = Omit<Check, 'name' | 'status'> & { status?: Check['status'] };

async function check(name: string, look: () => Promise<Finding>): Promise<Check> {
  try {
    return { name, status: 'ok', ...(await look()) };
  } catch (error) {
    const hint = error instanceof BottleError ? error.hint : undefined;
    return { name, status: 'problem', detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}

async function checkEngine(): Promise<Finding> {
  const format = '{{.ServerVersion}}, {{.Driver}}, {{.OperatingSystem}}';
  const info = await dockerTry(['info', '--format', format], { timeoutMs: 20_000 });
  if (info.exitCode === 0 && !info.stdout.startsWith(',')) return { detail: info.stdout.trim() };
  return {
    status: 'problem',
    detail: 'no Docker engine answers',
    hint: 'Start Docker, or run `make engine`.',
  };
}

async function checkSmolvm(): Promise<Finding> {
  try {
    const { path, version } = await findSmolvm();
    const tier = tierOf(version);
    if (isFakeSmolvm(path)) assertFakeRuns(await fakeObstacles(path), process.platform);
    return { detail: `${version.join('.')}, tier ${tier}: ${IMPLIED[tier]} (${path})` };
  } catch (error) {
    if (!(error instanceof BottleError) || error.code !== 'smolvm-missing') throw error;
    const fake = demoSmolvm();
    const detail = `${error.message}; only the demo can run, with ${fake}`;
    const obstacles = await fakeObstacles(fake);
    if (obstacles.length === 0) return { status: 'warning', detail, hint: error.hint ?? '' };
    return {
      status: 'problem',
      detail: `${error.message}, and the demo cannot run without it: ${obstacles.join('; ')}`,
      hint: installHint(),
    };
  }
}

async function checkKvmDevice(): Promise<Finding> {
  if (process.platform !== 'linux') return { detail: 'not needed on this system' };
  try {
    await checkKvm();
    return { detail: '/dev/kvm can be used' };
  } catch (error) {
    // Only a warning, since the fakes do not need KVM.
    if (!(error instanceof BottleError)) throw error;
    return {
      status: 'warning',
      detail: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
}

async function checkDisk(): Promise<Finding> {
  const free = await freeBytes(cacheDirectory());
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${await nearestExisting(cacheDirectory())}`;
  if (free >= SPACE_WANTED) return { detail };
  return {
    status: 'warning',
    detail,
    hint: 'A first launch needs about 4 GiB; `docker system prune` may free some space.',
  };
}

async function checkAliases(): Promise<Finding> {
  const used = await usedAliases();
  const free = ALIAS_POOL.filter((alias) => !used.has(alias)).length;
  const missing = missingAliases().length;
  const added =
    missing === 0 ? '' : `, ${missing} of them added with sudo when a guest of smolvm before 1.8.0 needs one`;
  const detail = `${free} of ${ALIAS_POOL.length} loopback aliases free${added}`;
  return free > 0
    ? { detail }
    : { status: 'problem', detail, hint: 'Tear down a bottle, or run `make cleanup`.' };
}

async function checkHome(): Promise<Finding> {
  await assertHomeKeepsFiles();
  assertSocketPathsFit();
  return { detail: homeDirectory() };
}

async function checkDeployKeys(): Promise<Finding> {
  const keys = await strandedKeys();
  if (keys.length === 0) return { detail: 'none of a bottle that is down' };
  return {
    status: 'warning',
    detail: `of bottles that are down: ${keys.map(({ key }) => describeKey(key)).join(', ')}`,
    hint: 'They give access until they are revoked. Revoke them: `make cleanup`.',
  };
}
