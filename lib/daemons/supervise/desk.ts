import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import type { Proposal } from '../contract/supervise/proposal.ts';
import type { SuperviseRequest } from '../contract/supervise/request.ts';
import { answer, failure, outcome } from './answer.ts';
import { awaitDecision, type Timings } from './await-decision.ts';
import type { EgressClient } from './egress-client.ts';
import type { Proposals } from './proposals.ts';

export interface DeskOptions {
  readonly proposals: Proposals;
  readonly egress: EgressClient;
  /** Directory of egress's audit. */
  readonly audit: string;
  /** Whether every proposal is refused at once, since nobody is there to decide. */
  readonly deniesAll: boolean;
  readonly timings: Timings;
}

/** Calls that wait at once; further ones are answered `pending` without a wait. */
const MAX_WAITING = 16;

const NOBODY =
  'Rejected at once: this bottle runs without a person (BOT_BOTTLE_SUPERVISE=deny), so nobody can decide. Do without it, ' +
  'or end your work and say what you would have needed.';

/** What the tools have in common: they put requests before the person, and wait for decisions. */
export class Desk {
  readonly options: DeskOptions;
  #waiting = 0;

  constructor(options: DeskOptions) {
    this.options = options;
  }

  /** Proposes and waits. */
  async submit(request: SuperviseRequest, context: ServerContext): Promise<CallToolResult> {
    const proposed = await this.propose(request);
    return 'content' in proposed ? proposed : await this.await(proposed, context);
  }

  /** Proposes; what is returned instead of a proposal is the answer. */
  async propose(request: SuperviseRequest): Promise<Proposal | CallToolResult> {
    if (this.options.deniesAll) return answer({ status: 'rejected', message: NOBODY });
    const proposed = await this.options.proposals.propose(request);
    return 'refused' in proposed ? failure(proposed.refused) : proposed;
  }

  /** Waits for the decision about a proposal. */
  async await({ id, request }: Proposal, context: ServerContext): Promise<CallToolResult> {
    const { proposals, timings } = this.options;
    const { signal } = context.mcpReq;
    const waiting = { signal, progress: progressOf(id, context) };
    const isFull = this.#waiting >= MAX_WAITING;
    this.#waiting += 1;
    try {
      const awaited = await awaitDecision(
        proposals,
        id,
        waiting,
        isFull ? { ...timings, ...AT_ONCE } : timings,
      );
      if (awaited.decision !== undefined && !signal.aborted) await proposals.markTold(id);
      return outcome(id, request.kind, awaited);
    } finally {
      this.#waiting -= 1;
    }
  }
}

const AT_ONCE = { answerMs: 0, unwatchedMs: 0 };

/** Without a token, the agent has not asked for progress. */
function progressOf(id: string, { mcpReq }: ServerContext) {
  const progressToken = mcpReq._meta?.progressToken;
  return async (seconds: number, isWatched: boolean) => {
    // Codex counts its tokens from 0.
    if (progressToken === undefined) return;
    const who = isWatched ? 'a person' : 'a person, but nobody watches the queue now';
    const message = `${id} waits for ${who} (${seconds} s)`;
    // An agent that is gone gets none; its signal ends the wait.
    await mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken, progress: seconds, message } })
      .catch(() => {});
  };
}
