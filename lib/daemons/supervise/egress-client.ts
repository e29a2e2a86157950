import { request } from 'node:http';
import type * as z from 'zod';
import {
  type AllowlistReply,
  allowlistReply,
  INTROSPECTION_HOST,
  type WhyReply,
  whyReply,
} from '../contract/egress/introspection.ts';

/** Milliseconds, and bytes of an answer. */
const PATIENCE_MS = 5000;
const MAX_BYTES = 8 * 1024 * 1024;

/** Asks the bottle's egress itself, so that what the agent reads is what is in force. */
export class EgressClient {
  readonly #port: number;

  /** `port`: of the proxy, on this machine. */
  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error when egress does not answer. */
  async allowlist(): Promise<AllowlistReply> {
    return await this.#get('/allowlist', allowlistReply);
  }

  /** Whether policy would admit a request, as far as its content does not matter. @throws Error when egress does not answer. */
  async why(url: string, method: string): Promise<WhyReply> {
    return await this.#get(`/why?${new URLSearchParams({ url, method })}`, whyReply);
  }

  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const text = await new Promise<string>((resolve, reject) => {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const target = { host: '127.0.0.1', port: this.#port, path: `http://${INTROSPECTION_HOST}${path}` };
      request({ ...target, headers: { host: INTROSPECTION_HOST, connection: 'close' }, signal })
        .on('error', reject)
        .on('response', (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('error', reject);
          response.on('data', (chunk: string) => {
            body += chunk;
            if (body.length > MAX_BYTES) response.destroy(new Error('the answer is too long'));
          });
          response.on('end', () => resolve(body));
        })
        .end();
    });
    return schema.parse(JSON.parse(text));
  }
}
