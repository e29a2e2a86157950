import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** Bytes of the object that the delta makes of a small one. */
const GROWN = 1024 * 1024 * 1024;
const BASE = 16 * 1024 * 1024;

/** A pack of some kilobytes: a blob of zeros, and one of a gigabyte that is copies of it. `id`: of the former. */
export function bomb(): { pack: Buffer; id: string } {
  const base = Buffer.alloc(BASE);
  const baseId = createHash('sha1').update(`blob ${BASE}\0`).update(base).digest();
  // A copy instruction: from offset 0, 0xffffff bytes; each takes four bytes here.
  const copies = Math.floor(GROWN / 0xffffff);
  const copy = Buffer.from([0x80 | 0x10 | 0x20 | 0x40, 0xff, 0xff, 0xff]);
  const delta = Buffer.concat([
    ...[varint(BASE), varint(copies * 0xffffff)],
    ...Array.from({ length: copies }, () => copy),
  ]);
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(2, 8);
  const objects = [
    ...[entryHead(3, BASE), deflateSync(base)],
    ...[entryHead(7, delta.length), baseId, deflateSync(delta)],
  ];
  const pack = Buffer.concat([head, ...objects]);
  const whole = Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
  return { pack: whole, id: baseId.toString('hex') };
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Type and size of an object in a pack: four bits of the size stand beside the type. */
function entryHead(type: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (type << 4) | (size % 16) | (rest > 0 ? 0x80 : 0);
  return rest > 0 ? Buffer.concat([Buffer.from([first]), varint(rest)]) : Buffer.from([first]);
}
