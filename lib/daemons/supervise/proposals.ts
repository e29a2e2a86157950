import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision, Verdict } from '../contract/supervise/decision.ts';
import { heartbeat, isFresh } from '../contract/supervise/heartbeat.ts';
import { HELD_TTL_MS, PROPOSAL_TTL_MS, QUEUE_LIMITS } from '../contract/supervise/limits.ts';
import type { Proposal } from '../contract/supervise/proposal.ts';
import { nextProposalId } from '../contract/supervise/proposal-id.ts';
import {
  decisionFile,
  HEARTBEAT_FILE,
  proposalFile,
  queueFile,
  readQueueFile,
  replaceQueueFile,
  setAside,
  writeQueueFile,
} from '../contract/supervise/queue-files.ts';
import { readDecision, readQueue } from '../contract/supervise/read-queue.ts';
import { type SuperviseRequest, similarityKey } from '../contract/supervise/request.ts';
import { Mutex } from '../shared/mutex.ts';
import { type Rate, RateAllowance } from '../shared/rate-allowance.ts';
import { tidy } from './tidy.ts';

export interface ProposalsOptions {
  /** Directory of the queue. */
  readonly directory: string;
  /** Slug. */
  readonly bottle: string;
  /** Told of files that cannot be used. */
  readonly report: (text: string) => void;
  /** Default: `QUEUE_LIMITS.rate`. */
  readonly rate?: Rate;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

interface Entry {
  proposal: Proposal;
  decision: Decision | undefined;
  /** Set while a count waits to be written down. */
  countTimer?: NodeJS.Timeout | undefined;
}

/** Milliseconds until a count is written down. */
const COUNT_MS = 100;

/** Why a proposal is not taken: a sentence for the agent. */
export interface Refused {
  readonly refused: string;
}

/** The proposals of a bottle. All that matters is on disk, so that the next daemon goes on where this one was killed. */
export class Proposals {
  readonly #options: ProposalsOptions;
  readonly #now: () => number;
  readonly #rate: RateAllowance;
  readonly #proposing = new Mutex();
  readonly #writing = new Mutex();
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  #lastId: string | undefined;

  private constructor(options: ProposalsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#rate = new RateAllowance(options.rate ?? QUEUE_LIMITS.rate);
  }

  /** Takes up what is in the directory, and sets aside what cannot be used. @throws Error when it cannot be read. */
  static async open(options: ProposalsOptions): Promise<Proposals> {
    const { directory, bottle, report } = options;
    const proposals = new Proposals(options);
    await tidy(directory);
    const { entries, unusable } = await readQueue(directory, bottle);
    for (const { name, fault } of unusable) {
      report(`${JSON.stringify(name)} is not used: ${fault}`);
      if (queueFile(name) !== undefined) await setAside(directory, name);
    }
    for (const { proposal, decision } of entries) proposals.#add({ proposal, decision });
    return proposals;
  }

  /** Puts a request before the person, or finds the proposal that asks for the same and was not answered yet. */
  async propose(request: SuperviseRequest): Promise<Proposal | Refused> {
    const leave = await this.#proposing.take();
    try {
      const similar = await this.#unansweredLike(request);
      if (similar !== undefined) return this.#joined(similar);
      return (await this.#fault(request)) ?? (await this.#create(request));
    } finally {
      leave();
    }
  }

  find(id: string): Proposal | undefined {
    return this.#entries.get(id)?.proposal;
  }

  /** What was decided; `undefined`: nothing yet. Lets it expire when its time is up. */
  async decisionOf(id: string): Promise<Decision | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.decision !== undefined) return entry?.decision;
    await this.#look(entry);
    if (entry.decision === undefined && this.#now() >= Date.parse(entry.proposal.expires)) {
      await writeQueueFile(this.#options.directory, decisionFile(id), this.#expired(id));
      // Somebody may have been faster.
      await this.#look(entry);
    }
    return entry.decision;
  }

  /** The agent knows the decision: from now on, asking for the same is a new proposal. */
  async markTold(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.proposal.told) await this.#rewrite(entry, { told: true });
  }

  /** Whether somebody looks at the queue. */
  async isWatched(): Promise<boolean> {
    const found = await readQueueFile(this.#options.directory, HEARTBEAT_FILE, heartbeat);
    return found !== undefined && 'value' in found && isFresh(found.value, this.#now());
  }

  async #unansweredLike(request: SuperviseRequest): Promise<Entry | undefined> {
    const key = similarityKey(request);
    for (const entry of this.#entries.values()) {
      const { proposal } = entry;
      if (similarityKey(proposal.request) !== key) continue;
      const isHeld = request.kind === 'egress-token-allow';
      if (proposal.told && !isHeld) continue;
      const decision = await this.decisionOf(proposal.id);
      if (isHeld && this.#stillAnswers(entry)) return entry;
      if (isHeld) continue;
      // Nobody comes for the answer to a message.
      if (decision === undefined || (request.kind !== 'notify' && decision.verdict.state !== 'expired'))
        return entry;
    }
    return undefined;
  }

  /**
   * Whether a proposal about a held request answers the same request: while it is pending, and, if the person said no, until
   * it would have expired, so that nobody is asked again at once. What was approved is egress's to know: it would not ask.
   */
  #stillAnswers({ proposal, decision }: Entry): boolean {
    if (decision === undefined) return true;
    return decision.verdict.state === 'rejected' && this.#now() < Date.parse(proposal.expires);
  }

  /** Counts, and writes the count down later: an agent that repeats itself must not keep the disk busy. */
  #joined(entry: Entry): Proposal {
    if (entry.decision !== undefined) return entry.proposal;
    entry.proposal = { ...entry.proposal, count: entry.proposal.count + 1 };
    entry.countTimer ??= setTimeout(() => {
      entry.countTimer = undefined;
      this.#rewrite(entry, {}).catch((error: unknown) => this.#options.report(String(error)));
    }, COUNT_MS).unref();
    return entry.proposal;
  }

  /** Why the person is not asked now. */
  async #fault(request: SuperviseRequest): Promise<Refused | undefined> {
    const isNotice = request.kind === 'notify';
    const what = isNotice ? 'messages' : 'proposals';
    if (!this.#rate.take()) {
      return { refused: `Too many ${what} in a short time. Do something else first, then try again.` };
    }
    let waiting = 0;
    for (const { proposal, decision } of this.#entries.values()) {
      if (decision !== undefined || (proposal.request.kind === 'notify') !== isNotice) continue;
      if ((await this.decisionOf(proposal.id)) === undefined) waiting += 1;
    }
    if (waiting < (isNotice ? QUEUE_LIMITS.notices : QUEUE_LIMITS.pending)) return undefined;
    return {
      refused: `${waiting} ${what} wait for the person already. Wait until some of them are answered.`,
    };
  }

  async #create(request: SuperviseRequest): Promise<Proposal> {
    const { directory, bottle } = this.#options;
    const now = this.#now();
    const ttl = request.kind === 'egress-token-allow' ? HELD_TTL_MS : PROPOSAL_TTL_MS;
    for (;;) {
      const id = nextProposalId(now, this.#lastId);
      this.#lastId = id;
      const times = { created: new Date(now).toISOString(), expires: new Date(now + ttl).toISOString() };
      const proposal: Proposal = { version: 1, id, bottle, ...times, count: 1, told: false, request };
      // A file in its place is none of ours: whatever it is, it stays, and the next id is taken.
      if (!(await writeQueueFile(directory, proposalFile(id), proposal))) continue;
      this.#add({ proposal, decision: undefined });
      await this.#forgetOldest();
      return proposal;
    }
  }

  #add(entry: Entry): void {
    const { id } = entry.proposal;
    this.#entries.set(id, entry);
    if (this.#lastId === undefined || id > this.#lastId) this.#lastId = id;
  }

  async #forgetOldest(): Promise<void> {
    const decided = [...this.#entries.values()].filter(({ decision }) => decision !== undefined);
    for (const { proposal } of decided.slice(0, -QUEUE_LIMITS.decided)) {
      this.#entries.delete(proposal.id);
      // Its decision stays until it is gone, so that it is never taken for one that is pending.
      await rm(join(this.#options.directory, proposalFile(proposal.id)), { force: true });
      await rm(join(this.#options.directory, decisionFile(proposal.id)), { force: true });
    }
  }

  /** Takes over what the host has decided since. */
  async #look(entry: Entry): Promise<void> {
    const { directory, report } = this.#options;
    const found = await readDecision(directory, entry.proposal);
    if (found === undefined) return;
    if ('value' in found) {
      entry.decision = found.value;
      return;
    }
    const name = decisionFile(entry.proposal.id);
    report(`${JSON.stringify(name)} is not used: ${found.fault}`);
    await setAside(directory, name);
  }

  async #rewrite(entry: Entry, change: Partial<Proposal>): Promise<void> {
    entry.proposal = { ...entry.proposal, ...change };
    const { id } = entry.proposal;
    const leave = await this.#writing.take();
    try {
      // As it is when its turn comes; one that was forgotten meanwhile is not brought back.
      if (this.#entries.has(id))
        await replaceQueueFile(this.#options.directory, proposalFile(id), entry.proposal);
    } finally {
      leave();
    }
  }

  #expired(id: string): Decision {
    const verdict: Verdict = { state: 'expired' };
    return { version: 1, id, decided: new Date(this.#now()).toISOString(), by: null, verdict };
  }
}
