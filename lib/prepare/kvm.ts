import { access, constants } from 'node:fs/promises';
import { BottleError } from '../errors.ts';

/** Checks the device that smolvm needs to boot guests on Linux. @throws BottleError `kvm-unusable` */
export async function checkKvm(
  device = '/dev/kvm',
  platform = process.platform,
  tryAccess: typeof access = access,
): Promise<void> {
  if (platform !== 'linux') return;
  const can = (mode: number) =>
    tryAccess(device, mode).then(
      () => true,
      () => false,
    );
  if (!(await can(constants.F_OK))) {
    throw new BottleError('kvm-unusable', `${device} is missing, so no microVM can start`, {
      hint: 'Load the module (`sudo modprobe kvm-intel` or `kvm-amd`); in a VM, enable nested virtualization.',
    });
  }
  if (await can(constants.R_OK | constants.W_OK)) return;
  throw new BottleError('kvm-unusable', `${device} exists, but this user cannot use it`, {
    hint: 'Join the group `kvm` (`sudo usermod -aG kvm "$USER"`), then log in again.',
  });
}
