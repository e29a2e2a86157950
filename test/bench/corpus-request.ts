import type { CorpusCase } from './corpus-case.ts';
import type { CaseFrame } from './score-web-socket.ts';

/** One exchange through the proxy that a case describes. */
export interface Exchange {
  readonly secure: boolean;
  /** As in the URL, without the port. */
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Body of the upstream's response. */
  readonly answer: string;
  readonly answerType: string;
  /** Frames to send over a WebSocket that this request opens; absent for an ordinary request. */
  readonly frames: readonly CaseFrame[] | undefined;
}

/** Target of cases without a URL (A2A, MCP over HTTP). */
const AGENT_URL = 'https://agent.example.com/rpc';

/** Returns the exchanges of a case in order. Keeps the URL's spelling, even if it is hostile. */
export function exchangesOf({ payload, transport }: CorpusCase): Exchange[] {
  const bodies = payload.jsonrpc_messages?.map((message) => JSON.stringify(message)) ?? [payload.body ?? ''];
  const card = payload.agent_card === undefined ? undefined : JSON.stringify(payload.agent_card);
  const url = /^(https?|wss?):\/\/(\[[^\]]*\]|[^/:?#]*)(?::\d+)?([^#]*)/.exec(payload.url ?? AGENT_URL);
  const [, scheme = '', host = '', rest = ''] = url ?? [];
  return bodies.map((body) => ({
    secure: scheme === 'https' || scheme === 'wss',
    host,
    method: payload.method ?? (body === '' ? 'GET' : 'POST'),
    target: rest.startsWith('/') ? rest : `/${rest}`,
    headers: {
      ...payload.headers,
      ...typeOf(payload.content_type ?? (body === '' ? undefined : 'application/json')),
    },
    body,
    answer: payload.response_body ?? card ?? '{"ok":true}',
    answerType: payload.response_body === undefined ? 'application/json' : 'text/plain; charset=utf-8',
    frames: transport === 'websocket' ? (payload.frames ?? []) : undefined,
  }));
}

const typeOf = (type: string | undefined) => (type === undefined ? {} : { 'content-type': type });
