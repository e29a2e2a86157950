import type { UndoAction } from '../bottle/journal.ts';
import { undoContainer } from '../bundle/undo-container.ts';
import { stopHostRelay } from '../channels/host-relay.ts';
import { describeKey, revokeKey } from '../deploy-keys/revoke-key.ts';
import { removeNetwork } from '../docker/network.ts';
import { undoMachine } from '../guest/remove-machine.ts';
import { removeOwnPath } from '../host/remove-own-path.ts';

type UndoOf<Kind extends UndoAction['kind']> = (
  slug: string,
  action: Extract<UndoAction, { kind: Kind }>,
) => Promise<void>;

/** How each kind of resource is removed. Handlers are idempotent: a missing resource counts as removed. */
const UNDO: { readonly [Kind in UndoAction['kind']]: UndoOf<Kind> } = {
  network: (_slug, { name }) => removeNetwork(name),
  container: (slug, { name }) => undoContainer(slug, name),
  machine: (_slug, { smolvm, name }) => undoMachine(smolvm, name),
  relay: (slug) => stopHostRelay(slug),
  path: (_slug, { path }) => removeOwnPath(path),
  'deploy-key': (_slug, key) => revokeKey(key),
};

/** Performs one undo action. @throws BottleError when the resource remains. */
export function undo(slug: string, action: UndoAction): Promise<void> {
  // The table pairs each kind with its handler, but TypeScript cannot infer that from the lookup.
  const handler = UNDO[action.kind] as (slug: string, action: UndoAction) => Promise<void>;
  return handler(slug, action);
}

/** Names the resource of an undo action. */
export function describeUndo(action: UndoAction): string {
  if (action.kind === 'deploy-key') return describeKey(action);
  return action.kind === 'path' ? action.path : `${action.kind} ${action.name}`;
}
