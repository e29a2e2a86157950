const MAGIC = 'SMOLPACK';
const VERSION = 1;
const MANIFEST_LIMIT = 16 * 1024 * 1024;

/** Size in bytes of the footer at the end of a sidecar. */
export const FOOTER_SIZE = 64;

/** Layout of a `.smolmachine` file, in bytes. */
export interface Footer {
  assetsSize: number;
  manifestOffset: number;
  manifestSize: number;
  /** CRC-32 (IEEE) over assets and manifest. */
  crc: number;
}

export function encodeFooter(footer: Footer): Buffer {
  const bytes = Buffer.alloc(FOOTER_SIZE);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(VERSION, 8);
  // Offsets 12 and 20, stub size and assets offset, are zero in a sidecar.
  bytes.writeBigUInt64LE(BigInt(footer.assetsSize), 28);
  bytes.writeBigUInt64LE(BigInt(footer.manifestOffset), 36);
  bytes.writeBigUInt64LE(BigInt(footer.manifestSize), 44);
  bytes.writeUInt32LE(footer.crc, 52);
  return bytes;
}

/** @throws Error in smolvm's wording when the bytes are not a footer, or its bounds do not fit the file. */
export function decodeFooter(bytes: Buffer, fileSize: number): Footer {
  if (bytes.length < FOOTER_SIZE) throw new Error('I/O error: failed to fill whole buffer');
  if (bytes.toString('latin1', 0, 8) !== MAGIC) throw new Error(`invalid magic: expected ${MAGIC}`);
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) throw new Error(`unsupported version: ${version}`);
  const footer = {
    assetsSize: Number(bytes.readBigUInt64LE(28)),
    manifestOffset: Number(bytes.readBigUInt64LE(36)),
    manifestSize: Number(bytes.readBigUInt64LE(44)),
    crc: bytes.readUInt32LE(52),
  };
  const end = footer.manifestOffset + footer.manifestSize + FOOTER_SIZE;
  const inOrder = footer.assetsSize <= footer.manifestOffset && footer.manifestSize <= MANIFEST_LIMIT;
  if (!inOrder || end > fileSize) throw new Error('I/O error: failed to fill whole buffer');
  return footer;
}
