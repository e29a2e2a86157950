import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import { type TestAuthority, testAuthority } from '../egress/authority.ts';
import { leafOf } from '../leaf.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A forge behind TLS: `git http-backend` for one repository, for who knows the token. Its host is `localhost`. */
export class HttpsUpstream {
  readonly token = `tok/${'Zk8+qW3rT6yP1sD4'}=x`;
  readonly username = 'bot';
  /** PEM: who vouches for it. */
  readonly root: string;
  /** All requests so far: method, path, and the password that came along, if any. */
  readonly requests: { line: string; password: string | undefined }[] = [];
  /** What is served, a bare repository. */
  repository = '';
  /** Answers in the place of git, once somebody is let in. */
  answer: Answer | undefined;
  readonly #authority: TestAuthority;
  readonly #server: Server;

  private constructor(certified: string, authority: TestAuthority) {
    this.#authority = authority;
    this.root = authority.certificate;
    const issuer = { certificatePem: authority.certificate, privateKeyPem: authority.keyPem };
    this.#server = createServer(leafOf(issuer, certified, { lifetimeMs: 3_600_000 }), (...both) =>
      this.#handle(...both),
    );
  }

  /** `certified`: the host that its certificate is for. */
  static async start(certified = 'localhost', authority = testAuthority('Forge CA')): Promise<HttpsUpstream> {
    const upstream = new HttpsUpstream(certified, authority);
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  /** Another one on another port, which the same CA vouches for. */
  sibling(): Promise<HttpsUpstream> {
    return HttpsUpstream.start('localhost', this.#authority);
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/team/kit.git`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const password = passwordOf(request, this.username);
    this.requests.push({ line: `${request.method} ${request.url}`, password });
    if (password !== this.token) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="forge"' }).end();
    } else if (this.answer === undefined) {
      serve(this.repository, request, response);
    } else {
      this.answer(request, response);
    }
  }
}

function passwordOf({ headers: { authorization = '' } }: IncomingMessage, username: string) {
  const [user, password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  return user === username ? password : undefined;
}

/** One request of git's smart HTTP, by `git http-backend`. */
export function serve(repository: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_PROJECT_ROOT: dirname(repository),
      GIT_HTTP_EXPORT_ALL: '1',
      // Who is known may push.
      REMOTE_USER: 'known',
      REQUEST_METHOD: request.method,
      PATH_INFO: path.replace('/team/kit.git', `/${basename(repository)}`),
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers['content-type'],
      GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    },
  });
  backend.stdin.on('error', () => {});
  request.pipe(backend.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  backend.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    writeHead(head.toString('latin1', 0, end), response);
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  backend.stdout.on('end', () => response.end());
}

/** Passes the head of a CGI program's output on. */
function writeHead(head: string, response: ServerResponse): void {
  for (const line of head.split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name === 'Status') response.statusCode = Number(value.split(' ')[0]);
    else response.setHeader(name, value);
  }
}
