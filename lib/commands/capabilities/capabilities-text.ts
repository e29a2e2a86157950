import type { Capability } from '../../plan/capability.ts';
import type { CapabilitiesOfAgent } from '../../supervise/capabilities-file.ts';
import { inert, inertLine } from '../../supervise/inert.ts';

/** What was approved, as text for a person; what agents wrote is quoted and inert. */
export function capabilitiesText(agents: readonly CapabilitiesOfAgent[]): string {
  if (agents.length === 0) return 'nothing was approved to be added to an image';
  return agents
    .flatMap(({ agent, capabilities }) => [
      `${inertLine(agent.name)}  (${inertLine(agent.file)})`,
      ...capabilities.flatMap(capabilityLines),
    ])
    .join('\n');
}

function capabilityLines({ id, bottle, at, by, lines, reason }: Capability): string[] {
  return [
    `  ${id}, asked for in ${inertLine(bottle)}, approved ${at} by ${inertLine(by)}`,
    ...inert(lines)
      .split('\n')
      .map((line) => `  > ${line}`),
    '  because:',
    ...inert(reason)
      .split('\n')
      .map((line) => `  > ${line}`),
  ];
}
