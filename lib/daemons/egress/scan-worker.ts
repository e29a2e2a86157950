import { isDeepStrictEqual } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { BodyScanner, knownSecretFinder } from '../detection/index.ts';
import type { ScanCommand, ScanReply } from './outbound/scan-thread.ts';

/** Kept for as long as the same secrets are known. */
let known = { secrets: [] as readonly string[], find: knownSecretFinder([]) };
const scanners = new Map<number, BodyScanner>();

parentPort?.on('message', (command: ScanCommand) => {
  const { id } = command;
  if (command.kind === 'open') {
    const { scope, secrets } = command;
    if (!isDeepStrictEqual(secrets, known.secrets)) known = { secrets, find: knownSecretFinder(secrets) };
    scanners.set(id, new BodyScanner({ ...scope, findKnown: known.find }));
    return;
  }
  const scanner = scanners.get(id);
  if (command.kind === 'close') scanners.delete(id);
  if (scanner === undefined || command.kind === 'close') return;
  const findings = command.kind === 'push' ? scanner.push(Buffer.from(command.bytes)) : scanner.end();
  const reply: ScanReply = { id, findings };
  parentPort?.postMessage(reply);
});
