import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { refuseIfDiskFull } from '../faults/faults.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';

/**
 * Unpacks a tar stream into `target`, keeping modes. Without `owners`, the invoking user owns everything,
 * whoever owned it in the image: packs do that, and their users have to repair it. A directory listed by
 * several layers keeps its content. GNU tar refuses to write through links that lead out.
 */
export async function unpackTar(
  chunks: AsyncIterable<Uint8Array>,
  target: string,
  owners = false,
): Promise<void> {
  refuseIfDiskFull();
  const ownership = owners ? ['--same-owner', '--numeric-owner'] : ['--no-same-owner'];
  const child = spawn('tar', ['--extract', ...ownership, '--preserve-permissions', '--directory', target], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: HELPER_ENVIRONMENT,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 255));
  });
  // When tar fails, its own message says more than the broken pipe.
  const [written, code] = await Promise.allSettled([pipeline(Readable.from(chunks), child.stdin), ended]);
  if (code.status === 'rejected') throw code.reason;
  if (code.value !== 0) throw new Error(`tar: ${said.trim().split('\n').slice(-3).join('; ')}`);
  if (written.status === 'rejected') throw written.reason;
}
