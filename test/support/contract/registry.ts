import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Document {
  type: string;
  body: Buffer;
}

export interface TestRegistry extends AsyncDisposable {
  readonly port: number;
  /** Stores bytes. @returns their digest. */
  addBlob(body: Buffer): string;
  addManifest(repository: string, version: string, type: string, body: Buffer): string;
  /** Changes the bytes that are served under a digest, but not the digest. */
  corrupt(digest: string): void;
  /** Headers of every request so far. */
  readonly requests: readonly IncomingHttpHeaders[];
}

export const digestOf = (body: Buffer) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

/** Serves the read side of the Docker Registry HTTP API v2 on a free port of 127.0.0.1. */
export async function startRegistry(): Promise<TestRegistry> {
  const documents = new Map<string, Document>();
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const found = documents.get(request.url?.replace(/^\/v2\/(.*)\/blobs\//, 'blobs/') ?? '');
    if (found === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
      return;
    }
    response.writeHead(200, { 'content-type': found.type, 'content-length': found.body.length });
    response.end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    addBlob(body) {
      documents.set(`blobs/${digestOf(body)}`, { type: 'application/octet-stream', body });
      return digestOf(body);
    },
    addManifest(repository, version, type, body) {
      for (const name of [version, digestOf(body)]) {
        documents.set(`/v2/${repository}/manifests/${name}`, { type, body });
      }
      return digestOf(body);
    },
    corrupt(digest) {
      const document = documents.get(`blobs/${digest}`);
      if (document !== undefined) document.body = Buffer.concat([document.body, Buffer.from('x')]);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
