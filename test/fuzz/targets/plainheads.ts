import type { Random } from '../random.ts';
import { requestText } from './request-head.ts';
import type { SocketStage } from './socket-stage.ts';

/** Writes a request to the proxy port. */
export async function plainheads(random: Random, { onPort, play }: SocketStage): Promise<void> {
  await play(await onPort(), random, requestText(random));
}
