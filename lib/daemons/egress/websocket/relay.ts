import type { Duplex } from 'node:stream';
import type { MemoryBudget } from '../../shared/memory-budget.ts';
import { type FrameEvent, WebSocketRefusal } from './frame-events.ts';
import { FrameWriter } from './frame-writer.ts';
import { closeOf, hangUp, withinTime } from './hang-up.ts';
import { CLOSE_MS, LINGER_MS } from './limits.ts';
import { readFrames } from './read-frames.ts';

/** Yields the events that may be sent, in order. @throws WebSocketRefusal for one that may not. */
export interface MessageInspector {
  inspect(events: readonly FrameEvent[]): AsyncGenerator<readonly FrameEvent[]>;
}

type Side = 'agent' | 'upstream';

export interface RelayOptions {
  readonly agent: Duplex;
  readonly upstream: Duplex;
  /** Inspects what the agent sends. */
  readonly outbound: MessageInspector;
  /** Inspects what the upstream sends. */
  readonly inbound: MessageInspector;
  readonly budget: MemoryBudget;
  /** Milliseconds without a byte either way, after which both sides are closed. */
  readonly idleMs: number;
  /** Called with the number of bytes that came from one side. */
  readonly read: (by: Side, bytes: number) => void;
  /** Called once, when the outcome is clear and before both sides are closed. */
  readonly ended: (ending: Ending) => void;
}

/** What ended a WebSocket. */
export interface Ending {
  readonly by: Side | 'idle';
  /** Whether that side sent a close frame. */
  readonly closed?: boolean;
  /** Whether that side left without one, but between messages, of which none was lost. */
  readonly left?: boolean;
  /** Why egress ended it. */
  readonly refusal?: WebSocketRefusal;
}

/** Milliseconds for what a side has sent to be read and judged after it was cut off. Approvals take longer. */
const SETTLE_MS = 100;

/** Close codes for a side that did nothing wrong (RFC 6455, 7.4.1, and IANA's registry). */
const GOING_AWAY = 1001;
const BAD_GATEWAY = 1014;

/**
 * Relays the frames of one WebSocket both ways until one side ends it. Resolves when both sides are closed.
 */
export async function relay(options: RelayOptions): Promise<void> {
  const { agent, upstream, budget } = options;
  const toAgent = new FrameWriter(agent, false);
  const toUpstream = new FrameWriter(upstream, true);
  const idle = Promise.withResolvers<Ending>();
  const timer = setTimeout(() => idle.resolve({ by: 'idle' }), options.idleMs);
  const received = (by: Side) => (bytes: number) => {
    timer.refresh();
    options.read(by, bytes);
  };
  let hasLeft = false;
  const left = (isBetweenMessages: boolean) => {
    hasLeft = isBetweenMessages;
  };
  const fromAgent = { masked: true, budget, received: received('agent'), left };
  const fromUpstream = { masked: false, budget, received: received('upstream') };
  const outward = pump('agent', readFrames(agent, fromAgent), options.outbound, toUpstream);
  const inward = pump('upstream', readFrames(upstream, fromUpstream), options.inbound, toAgent);
  // A side that is cut off (its route was removed) ends the relay at once, even during an approval.
  const cutOff = [
    closeOf(agent).then((): Ending => ({ by: 'agent' })),
    closeOf(upstream).then((): Ending => ({ by: 'upstream' })),
  ];
  let ending = await Promise.race([outward, inward, ...cutOff, idle.promise]);
  if (ending.by === 'agent' && !ending.closed && ending.refusal === undefined) {
    ending = (await withinTime(SETTLE_MS, outward)) ?? ending;
    if (hasLeft && agent.writableLength === 0) ending = { ...ending, left: true };
  }
  if (ending.closed) {
    // The close frame was forwarded; now the other side must reply to it.
    const other = ending.by === 'agent' ? inward : outward;
    const reply = await withinTime(CLOSE_MS, other, ...cutOff);
    if (reply?.refusal !== undefined) ending = reply;
  }
  clearTimeout(timer);
  options.ended(ending);
  toAgent.close(...closeFrameFor('agent', ending));
  toUpstream.close(...closeFrameFor('upstream', ending));
  // A stream that is no longer read would never end. Called in the same tick, `resume` would have no effect.
  outward.then(() => setImmediate(() => agent.resume()));
  inward.then(() => setImmediate(() => upstream.resume()));
  const limits = { flushMs: options.idleMs, lingerMs: LINGER_MS };
  await Promise.all([hangUp(agent, limits), hangUp(upstream, limits)]);
}

async function pump(
  by: Side,
  source: AsyncGenerator<readonly FrameEvent[]>,
  inspector: MessageInspector,
  writer: FrameWriter,
): Promise<Ending> {
  try {
    for await (const events of source) {
      for await (const approved of inspector.inspect(events)) await writer.write(approved);
      if (events.at(-1)?.kind === 'close') return { by, closed: true };
    }
    return { by };
  } catch (error) {
    return error instanceof WebSocketRefusal ? { by, refusal: error } : { by };
  }
}

/**
 * The close frame for a side that has not had one. Only the agent is told what was found, not the upstream.
 */
function closeFrameFor(to: Side, { by, refusal }: Ending): [code: number, reason?: Buffer] {
  const isTold = to === 'agent' || (by === 'upstream' && refusal?.code === 'frame-invalid');
  if (refusal !== undefined && isTold) return [refusal.status, Buffer.from(refusal.code)];
  return [to === 'agent' && by === 'upstream' ? BAD_GATEWAY : GOING_AWAY];
}
