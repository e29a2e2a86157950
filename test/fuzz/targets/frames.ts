import { type Duplex, duplexPair } from 'node:stream';
import { Receiver } from 'ws';
import { knownSecretFinder } from '../../../lib/daemons/detection/rules/known-secrets.ts';
import { ReflectionScrubber } from '../../../lib/daemons/egress/inbound/reflection.ts';
import { Approvals } from '../../../lib/daemons/egress/outbound/approvals.ts';
import { InboundMessages } from '../../../lib/daemons/egress/websocket/inbound-messages.ts';
import { MAX_MESSAGE } from '../../../lib/daemons/egress/websocket/limits.ts';
import { OutboundMessages } from '../../../lib/daemons/egress/websocket/outbound-messages.ts';
import { relay } from '../../../lib/daemons/egress/websocket/relay.ts';
import { MAX_HELD_TOTAL, MemoryBudget } from '../../../lib/daemons/shared/memory-budget.ts';
import { type FrameOptions, frame } from '../../support/egress/web-socket.ts';
import { claim, inTime } from '../claim.ts';
import type { Random } from '../random.ts';

const SECRET = 'zq7Kp2mW9xLr4TvB8nYc3HdF';
const CLOSE = 8;
const findKnown = knownSecretFinder([SECRET]);
const scan = { detectors: new Set(['token_patterns', 'known_secrets'] as const), findKnown };
const scrubber = new ReflectionScrubber(SECRET);
const approvals = new Approvals(undefined);

/** Milliseconds for one whole WebSocket, its end included; far above what the slowest takes. */
const PATIENCE_MS = 10_000;

/**
 * Random frames both ways through the real relay: it ends, gives its memory back, writes nothing but valid frames, and
 * the secret passes neither whole, nor over fragments, nor over messages that follow each other.
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
      scan,
      onMatch: random.pick(['block', 'redact', 'supervise']),
      approvals,
      budget,
      host: 'a.example.com',
      path: '/',
    }),
    inbound: new InboundMessages({ scrubber, looks: random.below(2) === 0 }),
    budget,
    idleMs: 500,
    read: () => {},
    ended: () => {
      endings += 1;
    },
  });
  const fromEgress = listen(upstreamSide, true);
  const toAgent = listen(agentSide, false);
  say(upstreamSide, random, false);
  say(agentSide, random, true);
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
  /** All data of messages, end to end. */
  text(): string;
}

/** What comes out of the relay on one side, read by the rules of the other end. */
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

/** Some frames, most of them right, cut into pieces anywhere. */
function say(side: Duplex, random: Random, masked: boolean): void {
  const script: Buffer[] = [];
  for (let count = random.below(12); count >= 0; count -= 1) script.push(...oneOf(random, masked));
  const bytes = Buffer.concat(script);
  for (let start = 0; start < bytes.length; ) {
    const length = 1 + random.below(random.pick([2, 40, 5000]));
    side.write(bytes.subarray(start, start + length));
    start += length;
  }
}

function oneOf(random: Random, masked: boolean): Buffer[] {
  const right = random.below(20) > 0;
  const text = random.pick([() => random.text(['lorem ', 'ipsum', '{"a":"', '"}', 'é'], 30), () => SECRET]);
  switch (random.below(8)) {
    case 0:
      return [random.bytes(random.below(30))].filter(() => !right);
    case 1:
      return [frame({ opcode: random.pick([9, 10]), payload: text().slice(0, 40), masked })];
    case 2:
      return random.below(6) > 0 ? [] : [frame({ opcode: CLOSE, payload: Buffer.from([3, 232]), masked })];
    case 3:
      return splitSecret(random, masked);
    case 4:
      return [frame({ opcode: 2, payload: random.bytes(random.below(300)), masked })];
    case 5:
      return [frame({ opcode: 1, payload: text().repeat(1 + random.below(40)), masked })];
    case 6:
      return [frame({ opcode: 1, masked, payload: random.text(['x', 'y'], 60) })];
    default:
      return right ? [] : [frame(wrong(random, masked))];
  }
}

/** The secret over the fragments of one message, or over messages, with pings in between. */
function splitSecret(random: Random, masked: boolean): Buffer[] {
  const opcode = random.pick([1, 2]);
  const isOneMessage = random.below(2) === 0;
  const parts: Buffer[] = [];
  for (let start = 0; start < SECRET.length; ) {
    const length = 1 + random.below(SECRET.length - start);
    const isLast = start + length >= SECRET.length;
    const fin = isOneMessage ? isLast : true;
    const payload = SECRET.slice(start, start + length);
    parts.push(frame({ opcode: isOneMessage && start > 0 ? 0 : opcode, fin, payload, masked }));
    if (random.below(4) === 0) parts.push(frame({ opcode: 9, payload: 'ping', masked }));
    start += length;
  }
  return parts;
}

function wrong(random: Random, masked: boolean): FrameOptions {
  return {
    opcode: random.below(16),
    fin: random.below(2) === 0,
    reserved: random.below(8),
    masked: random.below(4) === 0 ? !masked : masked,
    payload: random.bytes(random.below(20)),
    ...(random.below(2) === 0 ? { claims: random.pick([0, 125, 70_000, MAX_MESSAGE, MAX_MESSAGE + 1]) } : {}),
  };
}
