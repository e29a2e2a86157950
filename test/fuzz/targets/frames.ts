import { type Duplex, duplexPair } from 'node:stream';
import { Receiver } from 'ws';
import { ReflectionScrubber } from '../../../lib/daemons/egress/inbound/reflection.ts';
import { Approvals } from '../../../lib/daemons/egress/outbound/approvals.ts';
import { ValueMarks } from '../../../lib/daemons/egress/outbound/value-marks.ts';
import { InboundMessages } from '../../../lib/daemons/egress/websocket/inbound-messages.ts';
import { OutboundMessages } from '../../../lib/daemons/egress/websocket/outbound-messages.ts';
import { relay } from '../../../lib/daemons/egress/websocket/relay.ts';
import { MAX_HELD_TOTAL, MemoryBudget } from '../../../lib/daemons/shared/memory-budget.ts';
import { claim, inTime } from '../claim.ts';
import type { Random } from '../random.ts';
import { writeFrames } from './frame-script.ts';
import { SCAN_OPTIONS, SECRET } from './scan-options.ts';

const scrubber = new ReflectionScrubber([SECRET]);
const approvals = new Approvals({
  marks: new ValueMarks(),
  allowed: () => [],
  attendance: () => 'absent',
});

/** Milliseconds for one whole WebSocket including its end; far more than the slowest takes. */
const PATIENCE_MS = 10_000;

/**
 * Sends random frames both ways through the real relay. It ends, returns its memory, and writes only valid
 * frames; the secret does not pass whole, split over fragments, or split over consecutive messages.
 */
export async function frames(random: Random): Promise<void> {
  const [agent, agentSide] = duplexPair();
  const [upstream, upstreamSide] = duplexPair();
  const budget = new MemoryBudget();
  let endings = 0;
  const relayed = relay({
    agent,
    upstream,
    outbound: new OutboundMessages({
      scan: SCAN_OPTIONS,
      onMatch: random.pick(['block', 'redact', 'supervise']),
      approvals,
      budget,
      host: 'a.example.com',
      path: '/',
      waiting: { gone: () => new AbortController().signal, held: () => {} },
    }),
    inbound: new InboundMessages({ scrubber, scansText: random.below(2) === 0 }),
    budget,
    idleMs: 500,
    read: () => {},
    ended: () => {
      endings += 1;
    },
  });
  const fromEgress = listen(upstreamSide, true);
  const toAgent = listen(agentSide, false);
  writeFrames(upstreamSide, random, false);
  writeFrames(agentSide, random, true);
  agentSide.end();
  await inTime(PATIENCE_MS, 'the relay', relayed);
  claim(endings === 1, `${endings} endings`);
  claim(agent.destroyed && upstream.destroyed, 'a side is still open');
  for (const side of [fromEgress, toAgent]) {
    claim(side.fault === undefined, `wrote what is no frame: ${side.fault}`);
    const place = side.text().indexOf(SECRET);
    claim(
      place < 0,
      `the secret passed: ${JSON.stringify(side.text().slice(Math.max(0, place - 300), place + 100))}`,
    );
  }
  claim(budget.open().take(MAX_HELD_TOTAL), 'memory was not given back');
}

interface Listener {
  fault: Error | undefined;
  /** The data of all messages, concatenated. */
  text(): string;
}

/** Reads what the relay writes on one side, as the peer there would. */
function listen(side: Duplex, masked: boolean): Listener {
  const heard: Buffer[] = [];
  const listener: Listener = { fault: undefined, text: () => Buffer.concat(heard).toString('latin1') };
  const receiver = new Receiver({ isServer: masked, maxPayload: 0, maxFragments: 0, maxBufferedChunks: 0 });
  receiver.on('message', (data) => heard.push(data));
  const done = () => {
    side.unpipe(receiver);
    side.resume();
    side.end();
  };
  receiver.on('conclude', done);
  receiver.on('error', (error) => {
    listener.fault = error;
    done();
  });
  side.on('error', () => {});
  side.on('end', () => side.end());
  side.pipe(receiver);
  return listener;
}
