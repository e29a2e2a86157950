import type { Duplex } from 'node:stream';
import { MAX_MESSAGE } from '../../../lib/daemons/egress/websocket/limits.ts';
import { type FrameOptions, frame } from '../../support/egress/web-socket.ts';
import type { Random } from '../random.ts';
import { SECRET } from './scan-options.ts';

const CLOSE = 8;

/** Writes random frames, most of them valid, in pieces of any size. */
export function writeFrames(side: Duplex, random: Random, masked: boolean): void {
  const script: Buffer[] = [];
  for (let count = random.below(12); count >= 0; count -= 1) script.push(...someFrames(random, masked));
  const bytes = Buffer.concat(script);
  for (let start = 0; start < bytes.length; ) {
    const length = 1 + random.below(random.pick([2, 40, 5000]));
    side.write(bytes.subarray(start, start + length));
    start += length;
  }
}

/** Makes one frame or several, or none. */
function someFrames(random: Random, masked: boolean): Buffer[] {
  const isValid = random.below(20) > 0;
  const text = random.pick([() => random.text(['lorem ', 'ipsum', '{"a":"', '"}', 'é'], 30), () => SECRET]);
  switch (random.below(8)) {
    case 0:
      return [random.bytes(random.below(30))].filter(() => !isValid);
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
      return isValid ? [] : [frame(invalidFrame(random, masked))];
  }
}

/** Splits the secret over the fragments of one message, or over messages, with pings in between. */
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

/** Makes a frame that is probably invalid. */
function invalidFrame(random: Random, masked: boolean): FrameOptions {
  return {
    opcode: random.below(16),
    fin: random.below(2) === 0,
    reserved: random.below(8),
    masked: random.below(4) === 0 ? !masked : masked,
    payload: random.bytes(random.below(20)),
    ...(random.below(2) === 0 ? { claims: random.pick([0, 125, 70_000, MAX_MESSAGE, MAX_MESSAGE + 1]) } : {}),
  };
}
