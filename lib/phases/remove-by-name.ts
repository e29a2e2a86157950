import { rm } from 'node:fs/promises';
import { socketDirectory } from '../bottle/socket-directory.ts';
import { removeContainer } from '../docker/container.ts';
import { removeNetwork } from '../docker/network.ts';
import { BottleError, messageOf } from '../errors.ts';
import { removeMachine } from '../guest/remove-machine.ts';
import type { Plan } from '../plan/schema.ts';
import { SmolvmClient } from '../smolvm/client.ts';

/**
 * Removes what a bottle has by the names in its plan, for when its journal is gone. The relay ends by itself with the
 * bottle's directory.
 * @returns the names of what was removed, or was gone already.
 * @throws BottleError `teardown-incomplete`, listing all failures.
 */
export async function removeByName({ slug, names, smolvm }: Plan): Promise<string[]> {
  const steps: [what: string, remove: () => Promise<void>][] = [
    [`machine ${names.machine}`, () => removeMachine(new SmolvmClient(smolvm), names.machine)],
    [`container ${names.bundle}`, () => removeContainer(names.bundle, 0)],
    [`network ${names.network}`, () => removeNetwork(names.network)],
    ['its sockets', () => rm(socketDirectory(slug), { recursive: true, force: true })],
  ];
  const failures: string[] = [];
  for (const [what, remove] of steps) {
    await remove().catch((error: unknown) => failures.push(`${what}: ${messageOf(error)}`));
  }
  if (failures.length === 0) return steps.map(([what]) => what);
  throw new BottleError(
    'teardown-incomplete',
    `some of ${slug} could not be removed:\n  ${failures.join('\n  ')}`,
    {
      hint: 'Try again: make cleanup',
    },
  );
}
