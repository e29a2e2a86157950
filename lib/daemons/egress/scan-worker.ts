import { parentPort, workerData } from 'node:worker_threads';
import { BodyScanner, knownSecretFinder } from '../detection/index.ts';
import type { ScanCommand, ScanReply } from './outbound/scan-thread.ts';

const secrets: readonly string[] = workerData;
const findKnown = knownSecretFinder(secrets);
const scanners = new Map<number, BodyScanner>();

parentPort?.on('message', (command: ScanCommand) => {
  const { id } = command;
  if (command.kind === 'open') {
    scanners.set(id, new BodyScanner({ ...command.scope, findKnown }));
    return;
  }
  const scanner = scanners.get(id);
  if (command.kind === 'close') scanners.delete(id);
  if (scanner === undefined || command.kind === 'close') return;
  const findings = command.kind === 'push' ? scanner.push(Buffer.from(command.bytes)) : scanner.end();
  const reply: ScanReply = { id, findings };
  parentPort?.postMessage(reply);
});
