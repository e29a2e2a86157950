import { parentPort, workerData } from 'node:worker_threads';
import type { BottleAuthority } from './tls/authority-file.ts';
import { leafIssuer } from './tls/leaf-issuer.ts';

/** Runs in the thread of `leaf-thread.ts`: receives host names, replies with certificates and keys. */
const authority: BottleAuthority = workerData;
const issue = leafIssuer(authority);

parentPort?.on('message', ({ id, host }: { id: number; host: string }) => {
  issue(host).then(
    (leaf) => parentPort?.postMessage({ id, leaf }),
    (error: unknown) =>
      parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
