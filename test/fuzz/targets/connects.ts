import type { Random } from '../random.ts';
import { BODIES, BREAKS, headerLines, VERSIONS } from './request-head.ts';
import { HOST, type SocketStage } from './socket-stage.ts';

/** Writes a CONNECT head to the proxy port. */
export async function connects(random: Random, { target, onPort, play }: SocketStage): Promise<void> {
  const authority = random.pick([target, `${HOST}:22`, 'evil.example:443', '127.0.0.1:443', '[::1]:443', '']);
  const head = `CONNECT ${authority} ${random.pick(VERSIONS)}${random.pick(BREAKS)}`;
  await play(await onPort(), random, `${head}${headerLines(random)}${random.pick(BODIES)}`);
}
