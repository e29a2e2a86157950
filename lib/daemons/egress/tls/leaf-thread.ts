import type { ServerCertificate } from '../../shared/server-certificate.ts';
import { ThreadOnDemand } from '../../shared/thread-on-demand.ts';
import type { BottleAuthority } from './authority-file.ts';
import type { LeafIssuer } from './leaf-issuer.ts';

type Reply = { id: number; leaf: ServerCertificate } | { id: number; error: string };

/** Megabytes of heap: certificates are small. */
const HEAP = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 };

/**
 * Issues leaves in a thread of its own, so that no request is delayed while a leaf is made or the X.509
 * library loads.
 * @param program the module `leaf-worker`.
 */
export function threadedLeafIssuer({ certificate, key }: BottleAuthority, program: URL): LeafIssuer {
  let last = 0;
  const waiting = new Map<number, PromiseWithResolvers<ServerCertificate>>();
  const thread = new ThreadOnDemand<Reply>({
    program,
    data: { certificate, key },
    heap: HEAP,
    replied: (reply) => {
      const pending = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('leaf' in reply) pending?.resolve(reply.leaf);
      else pending?.reject(new Error(reply.error));
    },
    died: () => {
      for (const { reject } of waiting.values()) reject(new Error('the thread that makes leaves has ended'));
      waiting.clear();
    },
  });

  return (host) => {
    last += 1;
    const pending = Promise.withResolvers<ServerCertificate>();
    waiting.set(last, pending);
    const { worker, release } = thread.hold();
    worker.postMessage({ id: last, host });
    return pending.promise.finally(release);
  };
}
