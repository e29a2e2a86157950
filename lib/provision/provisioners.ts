import type { Bottle } from '../guest/bottle.ts';
import { ca } from './ca.ts';
import { channel } from './channel.ts';
import { environment } from './environment.ts';
import { files } from './files.ts';
import { git } from './git.ts';
import { prompt } from './prompt.ts';
import type { ProvisionContext, Provisioner } from './provisioner.ts';
import { skills } from './skills.ts';

/** In running order: the channel to the bundle and trust in its CA come before what may need them. */
export const PROVISIONERS: readonly Provisioner[] = [channel, ca, environment, prompt, git, files, skills];

/** Runs every provisioner that applies. @throws BottleError `guest-failed` */
export async function provisionGuest(
  bottle: Bottle,
  context: Omit<ProvisionContext, 'addScript'>,
  provisioners = PROVISIONERS,
): Promise<void> {
  const scripts = ['set -e'];
  const addScript = (script: string) => void scripts.push(script);
  for (const provisioner of provisioners) {
    if (provisioner.applies(context.plan)) await provisioner.provision(bottle, { ...context, addScript });
  }
  await bottle.runScript('provisioning', scripts.join('\n'));
}
