import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ServerCertificate } from '../certificates/server-certificate.ts';
import type { BottleAuthority } from './authority-file.ts';
import type { LeafIssuer } from './leaf-issuer.ts';

type Reply = { id: number; leaf: ServerCertificate } | { id: number; error: string };

/** Megabytes of heap: certificates are small, and the thread lives as long as the daemon. */
const HEAP = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 };

/**
 * Issues leaves in a thread of its own, so that no request waits while one is made or while the X.509 library loads.
 * The thread starts with the first host that is asked for, and anew should it die.
 */
export function threadedLeafIssuer({ certificate, key }: BottleAuthority): LeafIssuer {
  let worker: Worker | undefined;
  let last = 0;
  const waiting = new Map<number, PromiseWithResolvers<ServerCertificate>>();

  const start = () => {
    // Both are TypeScript here, and JavaScript in the bundle's image.
    const started = new Worker(new URL(`./leaf-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: { certificate, key },
      resourceLimits: HEAP,
    });
    started.unref();
    started.on('message', (reply: Reply) => {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('leaf' in reply) asked?.resolve(reply.leaf);
      else asked?.reject(new Error(reply.error));
    });
    // Whatever it died of, its end is told after.
    started.on('error', () => {});
    started.on('exit', () => {
      worker = undefined;
      for (const { reject } of waiting.values()) reject(new Error('the thread that makes leaves has ended'));
      waiting.clear();
    });
    return started;
  };

  return (host) => {
    worker ??= start();
    last += 1;
    const asked = Promise.withResolvers<ServerCertificate>();
    waiting.set(last, asked);
    worker.postMessage({ id: last, host });
    return asked.promise;
  };
}
