import type { Duplex } from 'node:stream';
import type { MemoryBudget } from '../../shared/memory-budget.ts';
import { type FrameEvent, WebSocketRefusal } from './frame-events.ts';
import { FrameWriter } from './frame-writer.ts';
import { closeOf, hangUp, withinTime } from './hang-up.ts';
import { CLOSE_MS, LINGER_MS } from './limits.ts';
import { readFrames } from './read-frames.ts';

/** Gives what may pass of some events, in order. @throws WebSocketRefusal where something may not. */
export interface MessageInspector {
  inspect(events: readonly FrameEvent[]): AsyncGenerator<readonly FrameEvent[]>;
}

type Side = 'agent' | 'upstream';

export interface RelayOptions {
  readonly agent: Duplex;
  readonly upstream: Duplex;
  /** Inspects what the agent says. */
  readonly outbound: MessageInspector;
  /** Inspects what the upstream says. */
  readonly inbound: MessageInspector;
  readonly budget: MemoryBudget;
  /** Milliseconds without a byte either way, after which both sides are closed. */
  readonly idleMs: number;
  /** Called with the bytes of frames that came from one side. */
  readonly read: (by: Side, bytes: number) => void;
  /** Called once, when it is clear how it ends and before both sides are gone. */
  readonly ended: (ending: Ending) => void;
}

/** What ended a WebSocket. */
export interface Ending {
  readonly by: Side | 'idle';
  /** Whether that side said so with a close frame. */
  readonly closed?: boolean;
  /** What egress had against it. */
  readonly refusal?: WebSocketRefusal;
}

/** Close codes for a side that did nothing wrong (RFC 6455, 7.4.1, and IANA's registry). */
const GOING_AWAY = 1001;
const BAD_GATEWAY = 1014;

/** Carries the frames of one WebSocket both ways until one side ends it; resolves when both are gone. */
export async function relay(options: RelayOptions): Promise<void> {
  const { agent, upstream, budget } = options;
  const toAgent = new FrameWriter(agent, false);
  const toUpstream = new FrameWriter(upstream, true);
  const idle = Promise.withResolvers<Ending>();
  const timer = setTimeout(() => idle.resolve({ by: 'idle' }), options.idleMs);
  const stirred = (by: Side) => (bytes: number) => {
    timer.refresh();
    options.read(by, bytes);
  };
  const fromAgent = { masked: true, budget, stirred: stirred('agent') };
  const fromUpstream = { masked: false, budget, stirred: stirred('upstream') };
  const outward = pump('agent', readFrames(agent, fromAgent), options.outbound, toUpstream);
  const inward = pump('upstream', readFrames(upstream, fromUpstream), options.inbound, toAgent);
  // A side that is cut off (its route was taken away) ends it at once, also while a message waits for an answer.
  const cutOff = [
    closeOf(agent).then((): Ending => ({ by: 'agent' })),
    closeOf(upstream).then((): Ending => ({ by: 'upstream' })),
  ];
  let ending = await Promise.race([outward, inward, ...cutOff, idle.promise]);
  if (ending.closed) {
    // The close frame was passed on; the other side is still to answer it.
    const other = ending.by === 'agent' ? inward : outward;
    const answer = await withinTime(CLOSE_MS, other, ...cutOff);
    if (answer?.refusal !== undefined) ending = answer;
  }
  clearTimeout(timer);
  options.ended(ending);
  toAgent.close(...lastWord('agent', ending));
  toUpstream.close(...lastWord('upstream', ending));
  // Who stops reading in the meantime leaves a stream that would never see its end. In the same tick `resume` is void.
  outward.then(() => setImmediate(() => agent.resume()));
  inward.then(() => setImmediate(() => upstream.resume()));
  const limits = { flushMs: options.idleMs, lingerMs: LINGER_MS };
  await Promise.all([hangUp(agent, limits), hangUp(upstream, limits)]);
}

async function pump(
  by: Side,
  said: AsyncGenerator<readonly FrameEvent[]>,
  inspector: MessageInspector,
  writer: FrameWriter,
): Promise<Ending> {
  try {
    for await (const events of said) {
      for await (const passed of inspector.inspect(events)) await writer.write(passed);
      if (events.at(-1)?.kind === 'close') return { by, closed: true };
    }
    return { by };
  } catch (error) {
    return error instanceof WebSocketRefusal ? { by, refusal: error } : { by };
  }
}

/** The close frame for a side that has had none. What was found is told to the agent, not to the world. */
function lastWord(to: Side, { by, refusal }: Ending): [code: number, reason?: Buffer] {
  const isTold = to === 'agent' || (by === 'upstream' && refusal?.code === 'frame-invalid');
  if (refusal !== undefined && isTold) return [refusal.status, Buffer.from(refusal.code)];
  return [to === 'agent' && by === 'upstream' ? BAD_GATEWAY : GOING_AWAY];
}
