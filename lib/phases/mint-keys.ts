import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { markUndone, pendingUndo } from '../bottle/journal.ts';
import { type MintedKey, mintedKey } from '../deploy-keys/minted-key.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';

const deployKeys = z.strictObject({ keys: z.array(mintedKey) });
export type DeployKeys = z.infer<typeof deployKeys>;

/** Makes the deploy keys of the bottle, if its manifest asks for any. They live until its teardown. */
export const mintKeys: Phase<DeployKeys> = {
  name: 'mint-keys',
  summary: 'make a deploy key for each repository that asks for one, and register it at its forge',
  needs: [prepare],
  record: deployKeys,
  durable: false,

  secrets: ({ git }) => git.flatMap(({ key }) => (key.kind === 'deploy' ? [key.variable] : [])),

  async run(context) {
    const { git } = await context.read(prepare);
    await revokeEarlier(context.slug);
    if (!git.some(({ key }) => key.kind === 'deploy')) return { keys: [] };
    const { keysDirectory, mintKey, usesDeployKey } = await import('../deploy-keys/mint-key.ts');
    await context.willUndo({ kind: 'path', path: keysDirectory(context.slug) });
    const keys: MintedKey[] = [];
    for (const repo of git.filter(usesDeployKey)) keys.push(await mintKey(repo, context));
    return { keys };
  },

  async isAlive(context, { keys }) {
    if (keys.length === 0) return true;
    const pending = await pendingUndo(context.slug);
    const registered = new Set(
      pending.flatMap(({ undo }) => (undo.kind === 'deploy-key' ? [undo.keyId] : [])),
    );
    const files = await Promise.all(keys.map(({ file }) => stat(file).catch(() => undefined)));
    return keys.every(({ keyId }, index) => registered.has(keyId) && files[index]?.isFile());
  },

  describe: ({ keys }) =>
    keys.length === 0
      ? 'no deploy keys asked for'
      : keys.map(({ repo, fingerprint }) => `${repo} ${fingerprint}`).join(', '),
};

/** Revokes the keys of an earlier run of this phase, which the new ones replace. */
async function revokeEarlier(slug: string): Promise<void> {
  for (const { id, undo } of await pendingUndo(slug)) {
    if (undo.kind !== 'deploy-key') continue;
    const { revokeKey } = await import('../deploy-keys/revoke-key.ts');
    await revokeKey(undo);
    await markUndone(slug, id);
  }
}
