import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CgiHeadReader } from './cgi-head.ts';
import { refuse } from './refuse.ts';

export interface BackendOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds without a byte in either direction after which git is ended. */
  readonly idleMs: number;
  /** Whether git may be ended when its client is gone. */
  readonly mayEnd: () => boolean;
  /** Called with what the client sends, and with what it is sent. */
  readonly onSent?: (chunk: Buffer) => void;
  readonly onReceived?: (chunk: Buffer) => void;
}

export interface Outcome {
  readonly ok: boolean;
  /** Bytes that the client sent, and that it was sent. */
  readonly sent: number;
  readonly received: number;
  /** The last of what git said to nobody. */
  readonly stderr: string;
}

const MAX_ERRORS = 4096;

/** Answers a request with `git http-backend`, and resolves when that is gone. Never rejects. */
export function runBackend(
  request: IncomingMessage,
  response: ServerResponse,
  { environment, idleMs, mayEnd, onSent, onReceived }: BackendOptions,
): Promise<Outcome> {
  // A process group of its own, so that all that it starts can be ended with it.
  const child = spawn('git', ['http-backend'], { env: { ...environment }, detached: true, stdio: 'pipe' });
  const end = () => endGroup(child.pid);
  const idle = setTimeout(() => {
    if (mayEnd()) end();
    else idle.refresh();
  }, idleMs);
  let [sent, received, stderr] = [0, 0, ''];
  request.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    onSent?.(chunk);
    idle.refresh();
  });
  sendBody(request, child);
  const body = new BodyWriter(response, child);
  child.stdout.on('data', (chunk: Buffer) => {
    received += chunk.length;
    onReceived?.(chunk);
    idle.refresh();
    body.write(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_ERRORS);
  });
  const left = () => {
    // What is on its way upstream goes on without a client, for which git must be able to say everything.
    child.stdout.resume();
    if (mayEnd()) end();
  };
  if (response.closed) left();
  response.once('close', left);
  return new Promise((resolve) => {
    const finish = (ok: boolean) => {
      clearTimeout(idle);
      response.removeListener('close', left);
      body.end(ok);
      resolve({ ok, sent, received, stderr });
    };
    child.once('error', () => finish(false));
    child.once('close', (code) => finish(code === 0));
  });
}

function sendBody(request: IncomingMessage, child: ChildProcessWithoutNullStreams): void {
  // It may end without reading everything; the rest is read for nobody then.
  child.stdin.on('error', () => {
    request.unpipe(child.stdin);
    request.resume();
  });
  request.once('error', () => child.stdin.destroy());
  request.pipe(child.stdin);
}

/** Sends what http-backend prints, as fast as the client takes it. */
class BodyWriter {
  readonly #response: ServerResponse;
  readonly #child: ChildProcessWithoutNullStreams;
  #head: CgiHeadReader | undefined = new CgiHeadReader();

  constructor(response: ServerResponse, child: ChildProcessWithoutNullStreams) {
    this.#response = response;
    this.#child = child;
  }

  write(chunk: Buffer): void {
    if (this.#response.destroyed) return;
    const body = this.#head === undefined ? chunk : this.#readHead(this.#head, chunk);
    if (body === undefined || body.length === 0 || this.#response.write(body)) return;
    this.#child.stdout.pause();
    this.#response.once('drain', () => this.#child.stdout.resume());
  }

  #readHead(reader: CgiHeadReader, chunk: Buffer): Buffer | undefined {
    try {
      const head = reader.push(chunk);
      if (head === undefined) return undefined;
      this.#head = undefined;
      this.#response.writeHead(head.status, head.headers.flat());
      return head.body;
    } catch {
      endGroup(this.#child.pid);
      return undefined;
    }
  }

  end(ok: boolean): void {
    if (this.#head !== undefined && !this.#response.headersSent) {
      refuse(this.#response, { status: 503, text: 'git gate: git could not answer; try again in a moment' });
    } else if (ok) this.#response.end();
    // An answer that ends early as if it were whole makes git wait forever.
    else this.#response.socket?.destroySoon();
  }
}

function endGroup(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
