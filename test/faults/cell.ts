import type { Sandbox } from '../support/kit.ts';
import type { Target } from './shim.ts';

export const VERSIONS = ['0.8.0', '1.9.3'] as const;
export type Version = (typeof VERSIONS)[number];
export type Program = 'docker' | 'smolvm';

/** One launch that meets one fault, and what must come of it. */
export interface Cell {
  readonly version: Version;
  /** Such as `fail` or `SIGTERM`: a row of the summary. */
  readonly kind: string;
  /** Where it happens. */
  readonly place: string;
  readonly target: Target;
  /** Shell commands of the call that meets it. */
  readonly action: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly arrange?: (user: Sandbox) => Promise<void>;
  readonly restore?: (user: Sandbox) => Promise<void>;
  /** Presses Ctrl-C when the call is under way. */
  readonly interrupts?: boolean;
  /** Documented exit codes that are right here. -1: ended by a signal. */
  readonly codes: readonly number[];
  /** Seconds within which the launch must end. */
  readonly bound: number;
}

export function nameOf({ version, kind, place }: Pick<Cell, 'version' | 'kind' | 'place'>): string {
  return `${version} ${kind} ${place}`;
}
