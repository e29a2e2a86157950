import { parentPort, workerData } from 'node:worker_threads';
import { BodyScanner } from '../detection/body-scanner.ts';
import { knownSecretFinder } from '../detection/rules/known-secrets.ts';
import type { Finding, ScanScope } from '../detection/scan-text.ts';

/** What `scan-thread.ts` asks of this thread; every question but `close` is answered once, in order. */
export type ScanQuestion =
  | { readonly kind: 'open'; readonly id: number; readonly scope: ScanScope }
  | { readonly kind: 'push'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export interface ScanReply {
  readonly id: number;
  readonly findings: Finding[];
}

const secrets: readonly string[] = workerData;
const findKnown = knownSecretFinder(secrets);
const scanners = new Map<number, BodyScanner>();

parentPort?.on('message', (question: ScanQuestion) => {
  const { id } = question;
  if (question.kind === 'open') {
    scanners.set(id, new BodyScanner({ ...question.scope, findKnown }));
    return;
  }
  const scanner = scanners.get(id);
  if (question.kind === 'close') scanners.delete(id);
  if (scanner === undefined || question.kind === 'close') return;
  const findings = question.kind === 'push' ? scanner.push(Buffer.from(question.bytes)) : scanner.end();
  const reply: ScanReply = { id, findings };
  parentPort?.postMessage(reply);
});
