import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../contract/supervise/decision.ts';
import type { Proposals } from './proposals.ts';

/** Milliseconds. */
export interface Timings {
  /** Between two looks at the queue. */
  readonly pollMs: number;
  /** Between two signs of life to the agent: Claude Code gives up after 300 s without one. */
  readonly progressMs: number;
  /** Until the agent is answered without a decision: Codex gives up after 300 s, whatever it is told meanwhile. */
  readonly answerMs: number;
  /** The same while nobody looks at the queue. */
  readonly unwatchedMs: number;
}

export const TIMINGS: Timings = { pollMs: 150, progressMs: 15_000, answerMs: 230_000, unwatchedMs: 20_000 };

export interface Waiting {
  /** Ends the wait: nobody would read the answer. */
  readonly signal: AbortSignal;
  /** Tells the agent that its call is alive. `seconds`: how long it has waited. */
  readonly progress: (seconds: number, isWatched: boolean) => Promise<void>;
}

export interface Awaited {
  /** `undefined`: nobody has decided yet. */
  readonly decision: Decision | undefined;
  readonly isWatched: boolean;
}

/** Waits for the decision about a proposal, as long as an agent's call can last. */
export async function awaitDecision(
  proposals: Proposals,
  id: string,
  { signal, progress }: Waiting,
  timings: Timings,
): Promise<Awaited> {
  const start = performance.now();
  let isWatched = await proposals.isWatched();
  let nextProgress = start;
  for (;;) {
    const decision = await proposals.decisionOf(id);
    const now = performance.now();
    const most = isWatched ? timings.answerMs : timings.unwatchedMs;
    if (decision !== undefined || signal.aborted || now - start >= most) return { decision, isWatched };
    if (now >= nextProgress) {
      isWatched = await proposals.isWatched();
      await progress(Math.round((now - start) / 1000), isWatched);
      nextProgress = now + timings.progressMs;
    }
    // When it is aborted, the next turn ends the wait.
    await sleep(timings.pollMs, undefined, { signal }).catch(() => {});
  }
}
