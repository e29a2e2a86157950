import type { Random } from '../random.ts';
import { requestText } from './request-head.ts';
import type { SocketStage } from './socket-stage.ts';

/** Writes a request inside a tunnel. */
export async function heads(random: Random, { inTunnel, play }: SocketStage): Promise<void> {
  await play(await inTunnel(), random, requestText(random));
}
