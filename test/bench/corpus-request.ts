import type { CorpusCase } from './corpus-case.ts';
import type { CaseFrame } from './score-web-socket.ts';

/** One exchange through the proxy that a case stands for. */
export interface Exchange {
  readonly secure: boolean;
  /** As in the URL, without port. */
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** What the upstream answers. */
  readonly answer: string;
  readonly answerType: string;
  /** What is sent over a WebSocket, opened with this request; absent: it is a request like any other. */
  readonly frames: readonly CaseFrame[] | undefined;
}

/** Cases without a URL of their own (A2A, MCP over HTTP) go to this agent. */
const AGENT_URL = 'https://agent.example.com/rpc';

/** The exchanges of a case, in order; the URL's spelling is kept, also where it is hostile. */
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
