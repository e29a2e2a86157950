import { Header } from 'tar';

/** One entry of an archive made by hand; nothing about it has to make sense. */
export interface TarEntry {
  readonly path: string;
  readonly type?: string;
  readonly content?: string;
  readonly linkpath?: string;
  readonly mode?: number;
  /** The size that the header claims, when it lies. */
  readonly size?: number;
}

const END = Buffer.alloc(1024);

/** Returns a plain tar archive, with its end unless `isCut`. */
export function tarOf(entries: readonly TarEntry[], { isCut = false } = {}): Buffer {
  return Buffer.concat([...entries.map(entryOf), ...(isCut ? [] : [END])]);
}

/** Returns an extended header, to stand before an entry: `path`, `size` and others win over the entry's own. */
export function paxHeader(values: Readonly<Record<string, string>>, type = 'ExtendedHeader'): TarEntry {
  const lines = Object.entries(values).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length) length++;
    return length + rest;
  });
  return { path: 'pax', type, content: lines.join('') };
}

function entryOf({ path, type = 'File', content = '', linkpath = '', mode = 0o644, size }: TarEntry): Buffer {
  const bytes = Buffer.from(content);
  const header = new Header({
    path,
    mode,
    size: size ?? bytes.length,
    type: type as 'File',
    linkpath,
    mtime: new Date(1e12),
  });
  const block = Buffer.alloc(512);
  header.encode(block);
  return Buffer.concat([block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
