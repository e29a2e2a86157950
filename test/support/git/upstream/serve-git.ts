// Alone in its file, and with nothing but Node: it also runs in the container of the e2e tests' upstream.
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

export interface GitServerOptions {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly username: string;
  readonly token: string;
  /** Answers who has the token. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Called for each request, with the password that came along, if any. */
  readonly heard?: (request: IncomingMessage, password: string | undefined) => void;
}

/** A forge behind TLS, for who knows the token. */
export function createGitServer(options: GitServerOptions): Server {
  const { key, cert, username, token, answer, heard } = options;
  return createServer({ key, cert }, (request, response) => {
    const password = passwordOf(request, username);
    heard?.(request, password);
    if (password === token) answer(request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="forge"' }).end();
  });
}

function passwordOf(
  { headers: { authorization = '' } }: IncomingMessage,
  username: string,
): string | undefined {
  const [user, password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  return user === username ? password : undefined;
}

/** Answers a request of git's smart HTTP for a repository below `root`. */
export function answerAsGit(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      // Who is known may push.
      REMOTE_USER: 'known',
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
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
