import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds in which a test can kill the thread before it has issued anything. */
const LATE_MS = 500;

await sleep(LATE_MS);
await import('../../../lib/daemons/egress/leaf-worker.ts');
