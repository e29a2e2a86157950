/** What a request is to a git server over HTTP; `undefined` when it is no git request. */
export type GitUse = 'fetch' | 'push';

/** Recognised by path, query and content type alike: a server may go by any of them. */
export function gitUse(path: string, query: string, contentType: string): GitUse | undefined {
  const plain = decodeLoosely(path).toLowerCase();
  const type = contentType.toLowerCase();
  if (/\/git-receive-pack\/?$/.test(plain) || type.includes('git-receive-pack')) return 'push';
  if (/\/info\/refs\/?$/.test(plain)) {
    return decodeLoosely(decodeLoosely(query)).toLowerCase().includes('receive-pack') ? 'push' : 'fetch';
  }
  if (/\/git-upload-(pack|archive)\/?$/.test(plain) || type.includes('git-upload-')) return 'fetch';
  return /\/info\/lfs\//.test(plain) ? 'fetch' : undefined;
}

function decodeLoosely(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-7][0-9a-f])/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
