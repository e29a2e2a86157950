import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { HOME_LABEL, homeLabel } from '../../lib/docker/labels.ts';
import type { Sandbox } from '../support/kit.ts';

/**
 * Returns what a person's home still holds of the engine, of smolvm and of the machine: containers, networks, machines, their
 * folders, processes, and private keys of bottles. Files of kept bottles are meant to stay and are not named.
 */
export async function leftovers(user: Sandbox): Promise<string[]> {
  return [
    ...(await ofEngine(homeLabel(user.home))),
    ...(await user.machines()).map((name) => `machine ${name}`),
    ...namesIn(join(user.root, '.cache', 'smolvm', 'vms')).map((name) => `folder ${name} of smolvm`),
    ...processesOf(user),
    ...keysOf(user),
  ];
}

async function ofEngine(home: string): Promise<string[]> {
  const filter = ['--filter', `label=${HOME_LABEL}=${home}`, '--format'];
  const [containers, networks] = await Promise.all([
    execa('docker', ['ps', '--all', ...filter, 'container {{.Names}}']),
    execa('docker', ['network', 'ls', ...filter, 'network {{.Name}}']),
  ]);
  return `${containers.stdout}\n${networks.stdout}`.split('\n').filter((line) => line !== '');
}

/** Whatever has the home among its variables or its arguments, or serves a machine of the home. */
function processesOf(user: Sandbox): string[] {
  return namesIn('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const [environment, command] = [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].map(read);
    const isOurs = [environment, command].some((text) => text?.includes(`${user.root}/`));
    return isOurs ? [`process ${pid}: ${command?.replaceAll('\0', ' ').slice(0, 120)}`] : [];
  });
}

function keysOf(user: Sandbox): string[] {
  const slugs = namesIn(join(user.home, 'state'));
  const places = slugs.map((slug) => join(user.home, 'state', slug, 'egress-ca'));
  return places.filter((path) => existsSync(path)).map((path) => `the key ${path}`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
