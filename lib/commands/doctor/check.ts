/** One thing that a launch depends on, as found. */
export interface Check {
  name: string;
  status: 'ok' | 'warning' | 'problem';
  detail: string;
  /** What to do about it; absent when there is nothing to do. */
  hint?: string;
}
