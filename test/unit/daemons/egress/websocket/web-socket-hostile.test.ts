import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_MESSAGE, MAX_PIECES } from '../../../../../lib/daemons/egress/websocket/limits.ts';
import { HOST, socketScene } from '../../../../support/egress/socket-scene.ts';
import {
  closeOf,
  frame,
  nextMessage,
  openWebSocket,
  rawWebSocket,
} from '../../../../support/egress/web-socket.ts';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const scene = socketScene();

/** The close frame that arrives on a raw socket: the code, then a space and the reason. */
async function closedWith(socket: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const bytes = Buffer.concat(chunks);
  const start = bytes.lastIndexOf(Buffer.from([0x80 | CLOSE]));
  if (start < 0) return 'nothing';
  return `${bytes.readUInt16BE(start + 2)} ${bytes.subarray(start + 4)}`.trim();
}

describe('invalid WebSocket frames', () => {
  it.each<[string, string, Buffer[]]>([
    ['unmasked', '1002 frame-invalid', [frame({ opcode: TEXT, payload: 'x', masked: false })]],
    [
      'that claim to be compressed',
      '1002 frame-invalid',
      [frame({ opcode: TEXT, payload: 'x', reserved: 4 })],
    ],
    ['with a reserved bit', '1002 frame-invalid', [frame({ opcode: TEXT, payload: 'x', reserved: 1 })]],
    ['of an unknown kind', '1002 frame-invalid', [frame({ opcode: 3, payload: 'x' })]],
    ['that go on with nothing', '1002 frame-invalid', [frame({ opcode: 0, payload: 'x' })]],
    [
      'that start a message in a message',
      '1002 frame-invalid',
      [frame({ opcode: TEXT, fin: false, payload: 'x' }), frame({ opcode: BINARY, payload: 'x' })],
    ],
    ['of control, in pieces', '1002 frame-invalid', [frame({ opcode: PING, fin: false })]],
    ['of control, too long', '1002 frame-invalid', [frame({ opcode: PING, payload: 'x'.repeat(126) })]],
    [
      'of text that is no UTF-8',
      '1007 frame-invalid',
      [frame({ opcode: TEXT, payload: Buffer.from([0xc3]) })],
    ],
    [
      'that end it with no such code',
      '1002 frame-invalid',
      [frame({ opcode: CLOSE, payload: Buffer.from([3, 237]) })],
    ],
    ['that claim too much', '1009 message-too-long', [frame({ opcode: BINARY, claims: MAX_MESSAGE + 1 })]],
    ['that claim 2^53 bytes', '1009 message-too-long', [Buffer.from('82ff0020000000000000abcdabcd', 'hex')]],
    [
      'of a message in too many pieces',
      '1009 message-too-long',
      [
        frame({ opcode: TEXT, fin: false }),
        ...Array<Buffer>(MAX_PIECES).fill(frame({ opcode: 0, fin: false })),
      ],
    ],
    ['of control in a flood', '1008 control-flood', Array<Buffer>(200).fill(frame({ opcode: PING }))],
  ])('invalid frames end the WebSocket, and none of them arrives: %s', async (_what, close, frames) => {
    const socket = await rawWebSocket(scene().tunnel());
    socket.write(Buffer.concat(frames));
    expect(await closedWith(socket)).toBe(close);
    await vi.waitFor(() => expect(scene().upstream.closes).toEqual(['1001']));
    expect(scene().upstream.heard).toEqual([]);
    expect(scene().egress.log.at(-1)).toMatchObject({
      verdict: 'deny',
      host: HOST,
      status: 101,
      reason: close.replace(/^\d+ /, ''),
    });
  });

  it('a WebSocket accepts frames that arrive byte by byte', async () => {
    const socket = await rawWebSocket(scene().tunnel());
    for (const byte of frame({ opcode: TEXT, payload: 'slowly' })) {
      socket.write(Buffer.from([byte]));
      await sleep(2);
    }
    const [answer] = await once(socket, 'data');
    expect(answer).toEqual(frame({ opcode: TEXT, payload: 'slowly', masked: false }));
    socket.destroy();
  });

  it('invalid frames from an upstream do not reach the agent', async () => {
    const connected = (socket: WebSocket) => {
      // Masked, as only the frames of clients are.
      Reflect.get(socket, '_socket').write(frame({ opcode: TEXT, payload: 'x' }));
    };
    scene().play({}, { connected });
    const socket = await openWebSocket(scene().tunnel());
    expect(await closeOf(socket)).toBe('1002 frame-invalid');
    await vi.waitFor(() => expect(scene().upstream.closes).toContain('1002 frame-invalid'));
  });

  it('a flood of frames does not affect other clients', async () => {
    const calm = await openWebSocket(scene().tunnel());
    const hostile = await rawWebSocket(scene().tunnel());
    hostile.write(Buffer.alloc(128 * 1024, frame({ opcode: TEXT, payload: 'x' })));
    calm.send('still here');
    expect(await nextMessage(calm)).toBe('still here');
    hostile.destroy();
    calm.close();
  });
});

describe('WebSocket backpressure', () => {
  it.each(['agent', 'upstream'] as const)(
    'a WebSocket side that does not read slows the other down in bounded memory: %s',
    async (slow) => {
      const connected = () => {};
      scene().play({ dlp: { inbound_detectors: [], outbound_detectors: [] } }, { connected });
      const agent = await openWebSocket(scene().tunnel());
      const [upstream] = scene().upstream.sockets;
      if (upstream === undefined) throw new Error('not connected');
      const [reader, writer] = slow === 'agent' ? [agent, upstream] : [upstream, agent];
      reader.pause();
      const piece = Buffer.alloc(1024 * 1024);
      let sent = 0;
      // Each piece is written once the previous one has left this process.
      const flood = async () => {
        while (writer.readyState === WebSocket.OPEN) {
          const failed = await new Promise((resolve) => writer.send(piece, resolve));
          if (failed) return;
          sent += 1;
        }
      };
      const flooding = flood();
      await sleep(700);
      const stuck = sent;
      await sleep(300);
      // Socket buffers and one or two messages; 64 MiB would mean an unbounded buffer.
      expect(sent).toBe(stuck);
      expect(stuck).toBeLessThan(64);
      reader.resume();
      await vi.waitFor(() => expect(sent).toBeGreaterThan(stuck + 4));
      writer.terminate();
      reader.terminate();
      await flooding;
    },
  );
});
