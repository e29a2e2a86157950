import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import { type TestAuthority, testAuthority } from '../egress/authority.ts';
import { answerAsGit, createGitServer } from '../git/upstream/serve-git.ts';
import { leafOf } from '../leaf.ts';

const PATH = '/team/kit.git';

/** An upstream behind TLS: `git http-backend` for one repository. Its host is `localhost`. */
export class HttpsUpstream {
  readonly token = 'tok/Zk8+qW3rT6yP1sD4=x';
  readonly username = 'bot';
  /** PEM: who vouches for it. */
  readonly root: string;
  /** All requests so far: method, path, and the password that came along, if any. */
  readonly requests: { line: string; password: string | undefined }[] = [];
  /** What is served, a bare repository. */
  repository = '';
  /** What those get who have the token; git's answer at first. */
  answer = this.git;
  readonly #authority: TestAuthority;
  readonly #server: Server;

  private constructor(certified: string, authority: TestAuthority) {
    this.#authority = authority;
    this.root = authority.certificate;
    const issuer = { certificatePem: authority.certificate, privateKeyPem: authority.keyPem };
    this.#server = createGitServer({
      ...leafOf(issuer, certified, { lifetimeMs: 3_600_000 }),
      ...{ username: this.username, token: this.token },
      heard: ({ method, url }, password) => this.requests.push({ line: `${method} ${url}`, password }),
      answer: (...both) => this.answer(...both),
    });
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
    return `https://localhost:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  /** Git's answer. */
  git(request: IncomingMessage, response: ServerResponse): void {
    request.url = request.url?.replace(PATH, `/${basename(this.repository)}`);
    answerAsGit(dirname(this.repository), request, response);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
