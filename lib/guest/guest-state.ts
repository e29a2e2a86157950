import type { Plan } from '../plan/schema.ts';
import { SmolvmClient } from '../smolvm/client.ts';

/** What smolvm says of a bottle's guest. */
export async function guestState({
  smolvm,
  names,
}: Pick<Plan, 'smolvm' | 'names'>): Promise<'running' | 'stopped' | 'gone'> {
  const machines = await new SmolvmClient(smolvm).machineList();
  const machine = machines.find(({ name }) => name === names.machine);
  if (machine === undefined) return 'gone';
  return machine.state === 'running' ? 'running' : 'stopped';
}
