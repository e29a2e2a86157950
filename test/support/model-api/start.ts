import { join } from 'node:path';
import { StandIn } from '../stand-in.ts';
import type { Json } from './turn.ts';

const HOSTS = [
  'api.anthropic.com',
  'api.openai.com',
  'chatgpt.com',
  'generativelanguage.googleapis.com',
  'mcp.example.com',
  'wanted.example.com',
];

export interface ReceivedRequest {
  host: string;
  /** The method; `UPGRADE` and `MESSAGE` for a WebSocket. */
  kind: string;
  path: string;
  headers: Record<string, string>;
  body: Json;
}

/** A stand-in for model APIs. */
export class ModelApi extends StandIn<ReceivedRequest> {
  constructor() {
    super(join(import.meta.dirname, 'main.ts'), HOSTS);
  }
}
