import { capabilityFault } from '../../daemons/contract/supervise/capability-lines.ts';
import { TEXT_LIMITS } from '../../daemons/contract/supervise/limits.ts';
import type { SuperviseRequest } from '../../daemons/contract/supervise/request.ts';
import { BottleError } from '../../errors.ts';

export type CapabilityRequest = Extract<SuperviseRequest, { kind: 'capability' }>;

/** How the lines of this help begin; they are left out of what is approved. */
const MARK = '#:';

/** As many lines as an editor looks through for settings, at each end: it may obey what the agent wrote there. */
const HELP = [
  'What is added to the image instead: RUN and ENV instructions, run as root with the network.',
  'Change them, save, and close the editor. Nothing is decided yet.',
  ...Array.from({ length: 3 }, () => ''),
];

/** The text that the person edits. */
export function editableLines({ dockerfile }: CapabilityRequest): string {
  const top = HELP.map((line) => `${MARK} ${line}`.trimEnd());
  return [...top, dockerfile, ...top.map(() => MARK), ''].join('\n');
}

/** Reads what the person made of it. @throws BottleError `usage` */
export function editedLines(before: CapabilityRequest, text: string): CapabilityRequest {
  const kept = text.split('\n').filter((line) => !line.startsWith(MARK));
  const dockerfile = kept.join('\n').replace(/\n+$/, '');
  const fault =
    dockerfile.length > TEXT_LIMITS.dockerfile
      ? `there are more than ${TEXT_LIMITS.dockerfile} characters`
      : capabilityFault(dockerfile);
  if (fault === undefined) return { ...before, dockerfile };
  throw new BottleError('usage', `the lines cannot be used: ${fault}`, { hint: 'Edit them again.' });
}
