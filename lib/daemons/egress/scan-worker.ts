import { parentPort, workerData } from 'node:worker_threads';
import { BodyScanner, knownSecretFinder } from '../detection/index.ts';
import type { ScanQuestion, ScanReply } from './outbound/scan-thread.ts';

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
