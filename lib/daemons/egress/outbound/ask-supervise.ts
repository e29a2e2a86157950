import { heldAnswer, heldNotice, MAX_HELD_LINE } from '../../contract/supervise/held.ts';
import { tokenAllowRequest } from '../../contract/supervise/request.ts';
import { connectTo, jsonLines, sendLine } from '../../shared/json-lines.ts';
import type { Approver } from './approvals.ts';

/** Asks the person through the supervise daemon, which listens on the Unix socket at `path`. */
export function supervisedBy(path: string): Approver {
  return {
    async ask(question, signal, proposed) {
      const asked = tokenAllowRequest.parse(question);
      signal.throwIfAborted();
      const socket = await connectTo(path);
      const hangUp = () => socket.destroy();
      signal.addEventListener('abort', hangUp);
      socket.on('error', hangUp);
      try {
        signal.throwIfAborted();
        sendLine(socket, asked);
        for await (const line of jsonLines(socket, MAX_HELD_LINE)) {
          const notice = heldNotice.safeParse(line).data;
          if (notice === undefined) return heldAnswer.parse(line);
          proposed(notice.id);
        }
        throw new Error('the supervise daemon has ended');
      } finally {
        signal.removeEventListener('abort', hangUp);
        socket.destroy();
      }
    },
  };
}
