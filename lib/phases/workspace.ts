import { Bottle } from '../guest/bottle.ts';
import { printable } from '../host/printable.ts';
import { sizeText } from '../host/size.ts';
import { type CopiedWorkspace, copiedWorkspace, NO_WORKSPACE } from '../workspace/copy-in.ts';
import { buildImage } from './build-image.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';

/** Only root can write here, so that the agent cannot have its work overwritten by a second copy. */
export const WORKSPACE_MARKER = '/usr/libexec/bot-bottle/workspace.json';

/** Copies the operator's directory into the guest once; what the agent makes of it is never overwritten. */
export const workspace: Phase<CopiedWorkspace> = {
  name: 'workspace',
  summary: 'copy the working directory into the guest, if the launch asks for it',
  // After the probe: nothing of the operator's goes into a guest whose confinement is not proven.
  needs: [prepare, buildImage, provision, probe],
  record: copiedWorkspace,
  durable: false,

  async run(context) {
    const [plan, { agent }] = await readAll(context, prepare, buildImage);
    if (plan.workspace === undefined) return NO_WORKSPACE;
    const bottle = new Bottle(plan, agent);
    const earlier = await bottle.exec(['cat', WORKSPACE_MARKER]);
    if (earlier.exitCode === 0) {
      const copied = copiedWorkspace.parse(JSON.parse(earlier.stdout));
      // A bottle that came from another machine: its work belongs to the operator's directory on this one.
      const isMoved = copied.kind === plan.workspace.kind && copied.root !== plan.workspace.root;
      return isMoved ? { ...copied, root: plan.workspace.root } : copied;
    }
    const { copyIn } = await import('../workspace/copy-in.ts');
    const copied = await copyIn(bottle, plan.workspace, { ...context, author: plan.gitUser });
    const { writeFileScript } = await import('../guest/shell-script.ts');
    await bottle.runScript(
      'noting the copy',
      writeFileScript(WORKSPACE_MARKER, JSON.stringify(copied), '0644'),
    );
    // The operator has seen the others before the launch.
    const known = new Set(plan.workspace.leftOut.map(({ path }) => path));
    for (const path of copied.leftOut) if (!known.has(path)) context.say(`left out: ${printable(path)}`);
    return copied;
  },

  async isAlive(context, { kind }) {
    const [plan, { agent }] = await readAll(context, prepare, buildImage);
    if (kind === 'none' || plan.workspace === undefined)
      return kind === 'none' && plan.workspace === undefined;
    // A guest that does not answer may have work that is in no other place: only one without the marker has none.
    const look = ['/bin/sh', '-c', '[ -e "$1" ] || echo absent', 'sh', WORKSPACE_MARKER];
    return (await new Bottle(plan, agent).exec(look)).stdout.trim() !== 'absent';
  },

  describe: ({ kind, root, directory, bytes, repositories }) => {
    if (kind === 'none') return 'nothing to copy';
    const also = repositories.length > 1 ? ` and ${repositories.length - 1} submodules` : '';
    return `${root}${also} copied to ${directory} (${sizeText(bytes)})`;
  },
};
