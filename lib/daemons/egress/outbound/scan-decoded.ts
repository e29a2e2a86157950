import { pipeline, Readable } from 'node:stream';
import {
  ContentScanner,
  type Finding,
  mostUnpacked,
  type ScanOptions,
  scanned,
  UnscannableBody,
} from '../../detection/index.ts';
import { type MemoryBudget, MemoryExhausted, type MemoryShare } from '../../shared/memory-budget.ts';
import type { Decoder } from '../http/content-decoding.ts';

/** Scans a body after undoing its `Content-Encoding`. @throws UnscannableBody */
export async function scanDecoded(
  chunks: readonly Buffer[],
  decoders: readonly Decoder[],
  options: ScanOptions,
  budget: MemoryBudget,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const scanner = new ContentScanner(options, budget);
  const kept = budget.open();
  const source = Readable.from(chunks);
  const outputs = [bytesOf(source), ...decoders.map(bytesOf)];
  const most = mostUnpacked(chunks.reduce((sum, { length }) => sum + length, 0));
  for (const decoder of decoders) bound(decoder, most, kept);
  pipeline([source, ...decoders], () => {});
  try {
    for await (const chunk of decoders.at(-1) ?? source)
      findings.push(...(await scanned(scanner.push(chunk))));
    // A decoder stops at the end of the compressed data, but the upstream may read on.
    if (decoders.some(({ bytesWritten }, layer) => bytesWritten !== outputs[layer]?.()))
      throw new UnscannableBody('something follows what is compressed');
    return [...findings, ...(await scanned(scanner.end()))];
  } catch (error) {
    throw error instanceof UnscannableBody
      ? error
      : new UnscannableBody('it is not what its Content-Encoding says');
  } finally {
    scanner.close();
    kept.release();
  }
}

/** Counts the bytes that come out of a stream. */
function bytesOf(stream: Readable): () => number {
  let bytes = 0;
  onBytes(stream, (more) => {
    bytes += more;
  });
  return () => bytes;
}

/**
 * Destroys a decoder with too much output, even if the next one shrinks it. Counts what it keeps in `kept`.
 */
function bound(decoder: Decoder, most: number, kept: MemoryShare): void {
  let bytes = 0;
  onBytes(decoder, (more) => {
    const grown = Math.min(bytes + more, decoder.window) - Math.min(bytes, decoder.window);
    bytes += more;
    if (bytes > most) decoder.destroy(new UnscannableBody(`it unpacks to more than ${most} bytes`));
    else if (!kept.take(grown)) decoder.destroy(new UnscannableBody(new MemoryExhausted().message));
  });
}

function onBytes(stream: Readable, count: (bytes: number) => void): void {
  // Unlike `on`, this does not start the flow.
  stream.prependListener('data', (chunk: Buffer) => count(chunk.length));
}
