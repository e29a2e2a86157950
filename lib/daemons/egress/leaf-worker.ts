import { parentPort, workerData } from 'node:worker_threads';
import type { BottleAuthority } from './tls/authority-file.ts';
import { leafIssuer } from './tls/leaf-issuer.ts';

/** The thread of `leaf-thread.ts`: a host in, its certificate and key out. */
const authority: BottleAuthority = workerData;
const issue = leafIssuer(authority);

parentPort?.on('message', ({ id, host }: { id: number; host: string }) => {
  issue(host).then(
    (leaf) => parentPort?.postMessage({ id, leaf }),
    (error: unknown) =>
      parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
