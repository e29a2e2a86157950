import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { agentError, ioReason, messageOf } from '../errors.ts';
import { decodeFooter, FOOTER_SIZE, type Footer } from './footer.ts';
import { manifestSchema, type PackManifest } from './manifest.ts';

export interface Pack {
  readonly path: string;
  readonly footer: Footer;
  readonly manifest: PackManifest;
}

/** Reads the end of a `.smolmachine`. Like smolvm, checks bounds but not the CRC. @throws SmolvmError. */
export function readPack(path: string): Pack {
  const refused = (reason: string) => agentError('read .smolmachine', reason);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw refused(ioReason(error));
  }
  try {
    const { size } = fstatSync(descriptor);
    const footer = decodeFooter(
      bytesAt(descriptor, Math.max(0, size - FOOTER_SIZE), Math.min(size, FOOTER_SIZE)),
      size,
    );
    const text = bytesAt(descriptor, footer.manifestOffset, footer.manifestSize).toString('utf8');
    return { path, footer, manifest: parseManifest(text) };
  } catch (error) {
    throw refused(messageOf(error));
  } finally {
    closeSync(descriptor);
  }
}

function parseManifest(text: string): PackManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`JSON error: ${messageOf(error)}`);
  }
}

function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const read = readSync(descriptor, bytes, 0, length, position);
  return bytes.subarray(0, read);
}
