import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { writeAll } from '../../../lib/sessions/write-all.ts';

const slow = () => new PassThrough({ highWaterMark: 4 });

it('a slow reader is waited for, and no listeners are left behind', async () => {
  const stream = slow();
  for (let count = 0; count < 30; count += 1) {
    const writing = writeAll(stream, Buffer.from('12345678'));
    expect(await Promise.race([writing.then(() => 'done'), turn('waits')])).toBe('waits');
    stream.read();
    await writing;
  }
  expect([stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual([0, 0]);
});

it('a reader that is gone is not waited for, and its error ends nothing', async () => {
  const stream = slow();
  stream.on('error', vi.fn());
  const writing = writeAll(stream, Buffer.from('12345678'));
  stream.destroy(new Error('EPIPE'));
  await writing;
  await writeAll(stream, Buffer.from('more'));
});
