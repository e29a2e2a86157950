export interface CgiHead {
  readonly status: number;
  readonly headers: readonly [name: string, value: string][];
  /** What of the body came with it. */
  readonly body: Buffer;
}

/** Bytes. */
const MAX_HEAD = 16 * 1024;

/** Collects what http-backend says until its head is whole. */
export class CgiHeadReader {
  #held = Buffer.alloc(0);

  /** @returns `undefined` while there is more to come. @throws Error for what is no head */
  push(chunk: Buffer): CgiHead | undefined {
    this.#held = Buffer.concat([this.#held, chunk]);
    const end = this.#held.indexOf('\r\n\r\n');
    if (end < 0 && this.#held.length > MAX_HEAD) throw new Error('http-backend sent no head');
    if (end < 0) return undefined;
    const fields = this.#held.toString('latin1', 0, end).split('\r\n').map(readField);
    const status = fields.find(([name]) => name === 'status')?.[1] ?? '200';
    const headers = fields.filter(([name]) => name !== 'status');
    return { status: Number.parseInt(status, 10), headers, body: this.#held.subarray(end + 4) };
  }
}

function readField(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new Error('http-backend sent no header');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
