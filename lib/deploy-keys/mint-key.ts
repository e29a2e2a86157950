import { join } from 'node:path';
import type { DeployKeyUndo, UndoAction } from '../bottle/journal.ts';
import { bottlePaths } from '../bottle/paths.ts';
import { GIT_CONFIG_FILES } from '../daemons/contract/git-gate/repos.ts';
import { writeAtomically } from '../host/files.ts';
import type { PlanRepo } from '../plan/git.ts';
import type { MintedKey } from './minted-key.ts';
import { openForge } from './open-forge.ts';
import { makeSshKeyPair } from './openssh-key.ts';

/** A repository whose gate uses a deploy key. */
export interface DeployRepo extends PlanRepo {
  readonly key: Extract<PlanRepo['key'], { kind: 'deploy' }>;
}

export interface MintContext {
  readonly slug: string;
  readonly signal: AbortSignal;
  willUndo(action: UndoAction): Promise<() => Promise<void>>;
}

export function usesDeployKey(repo: PlanRepo): repo is DeployRepo {
  return repo.key.kind === 'deploy';
}

/** The directory of the gate's private keys, which exists while the bottle is up. */
export function keysDirectory(slug: string): string {
  return join(bottlePaths.gitGate(slug), GIT_CONFIG_FILES.keys);
}

/**
 * Makes a key pair and registers it at the forge, with write access only if the repository may be pushed to. The journal
 * has its title before the request, and its id after.
 * @throws BottleError `forge-failed`, `variable-missing`
 */
export async function mintKey({ name, key, push }: DeployRepo, context: MintContext): Promise<MintedKey> {
  const { slug, signal } = context;
  const { forge, apiUrl, repository, variable } = key;
  const client = await openForge(key, signal);
  const title = `bot-bottle ${slug} ${new Date().toISOString()} ${name}`;
  const pair = makeSshKeyPair(title);
  const file = join(keysDirectory(slug), name);
  await writeAtomically(file, pair.privateKey, 0o600);
  signal.throwIfAborted();
  const registered: DeployKeyUndo = { kind: 'deploy-key', forge, apiUrl, repository, title, variable };
  const forgetTitle = await context.willUndo(registered);
  const creation = await client.createKey({ title, publicKey: pair.publicKey, mayWrite: push !== false });
  if ('refused' in creation) {
    await forgetTitle();
    throw creation.refused;
  }
  const { keyId } = creation;
  await context.willUndo({ ...registered, keyId });
  await forgetTitle();
  return { repo: name, title, keyId, file, fingerprint: pair.fingerprint };
}
