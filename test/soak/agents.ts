import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz/random.ts';
import { openTunnel, requestOn, type TunnelOptions } from '../support/egress/agent.ts';
import { type Job, SESSION_MB, someJob } from './jobs.ts';

export interface AgentOptions {
  readonly tunnel: TunnelOptions;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Percentage of requests that are aborted. */
  readonly givenUp: number;
  /** Called for each request that completed or was aborted, with what was wrong with it, if anything. */
  readonly done: (protocol: string, kind: string, fault?: string) => void;
}

const REQUESTS_PER_CONNECTION = 15;
const STREAMS = 3;
const MAX_PATIENCE_MS = 20;

/** Sends one request after the other over HTTP/1.1. Aborting a request closes its connection. */
export async function agentByHttp1(options: AgentOptions): Promise<void> {
  const { tunnel, random, until, givenUp, done } = options;
  while (Date.now() < until) {
    const socket = await openTunnel(tunnel);
    for (let count = 0; count < REQUESTS_PER_CONNECTION && !socket.destroyed; count += 1) {
      const job = someJob(random);
      const request = requestOn(socket, {
        method: job.body === undefined ? 'GET' : 'POST',
        path: job.path,
        headers: { host: tunnel.target },
      });
      request.end(job.body);
      if (random.below(100) < givenUp) {
        await sleep(random.below(MAX_PATIENCE_MS));
        socket.destroy();
        done('HTTP/1.1', 'given up');
        break;
      }
      try {
        const [response] = await once(request, 'response');
        done('HTTP/1.1', job.kind, faultOf(job, response.statusCode, await buffer(response)));
      } catch (error) {
        done('HTTP/1.1', job.kind, String(error));
        break;
      }
    }
    socket.destroy();
  }
}

/** Sends several requests at a time over HTTP/2. */
export async function agentByHttp2(options: AgentOptions): Promise<void> {
  const { tunnel, random, until, givenUp, done } = options;
  while (Date.now() < until) {
    const socket = await openTunnel({ ...tunnel, alpn: ['h2'] });
    const session = connect(`https://${tunnel.target}`, {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MB,
    });
    session.on('error', () => {});
    const ask = async () => {
      for (let count = 0; count < REQUESTS_PER_CONNECTION && !session.destroyed; count += 1) {
        const job = someJob(random);
        const method = job.body === undefined ? 'GET' : 'POST';
        const stream = session.request({ ':method': method, ':path': job.path });
        const chunks: Buffer[] = [];
        let status: number | undefined;
        stream.on('error', () => {});
        stream.on('response', (headers) => {
          status = headers[':status'];
        });
        stream.on('data', (chunk) => chunks.push(chunk));
        const closed = new Promise((resolve) => stream.once('close', resolve));
        stream.end(job.body);
        if (random.below(100) < givenUp) {
          await sleep(random.below(MAX_PATIENCE_MS));
          stream.close(constants.NGHTTP2_CANCEL);
          done('HTTP/2', 'given up');
          continue;
        }
        await closed;
        const { rstCode } = stream;
        const fault =
          rstCode === 0 ? faultOf(job, status, Buffer.concat(chunks)) : `reset with code ${rstCode}`;
        done('HTTP/2', job.kind, fault);
      }
    };
    await Promise.all(Array.from({ length: STREAMS }, ask));
    session.destroy();
  }
}

function faultOf(job: Job, status: number | undefined, answer: Buffer): string | undefined {
  if (status !== 200) return `status ${status}: ${answer.toString().slice(0, 300)}`;
  return job.isRight(answer) ? undefined : `another answer, of ${answer.length} bytes`;
}
