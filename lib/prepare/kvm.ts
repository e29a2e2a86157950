import { access, constants } from 'node:fs/promises';
import { BottleError } from '../errors.ts';

/** A real smolvm boots its guests through this device on Linux. @throws BottleError `kvm-unusable` */
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
    throw new BottleError('kvm-unusable', `${device} is missing: no microVM can start here`, {
      hint: 'Load the module (`sudo modprobe kvm-intel` or `kvm-amd`); in a VM, switch nested virtualization on.',
    });
  }
  if (await can(constants.R_OK | constants.W_OK)) return;
  throw new BottleError('kvm-unusable', `${device} is there, but this user may not use it`, {
    hint: 'Join the group `kvm` (`sudo usermod -aG kvm "$USER"`), then log in again.',
  });
}
