import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentHeaders, upstreamHeaders } from '../../../../../lib/daemons/egress/http/headers.ts';

const to = (raw: string[], value?: string, hasBody = false, name = 'authorization') =>
  upstreamHeaders(raw, {
    host: 'h.example',
    credential: value === undefined ? undefined : { kind: 'header', name, value },
    isSearched: value !== undefined,
    hasBody,
  });

describe('headers sent upstream', () => {
  it('headers sent upstream keep repeated lines separate and in order', () => {
    expect(to(['X-A', '1', 'x-b', '2', 'x-a', '3'])).toEqual({
      host: 'h.example',
      'x-a': ['1', '3'],
      'x-b': '2',
    });
  });

  it('headers sent upstream omit credentials and connection headers in any spelling', () => {
    const names = [
      'AUTHORIZATION',
      'Proxy-Authorization',
      'proxy-connection',
      'Keep-Alive',
      'TE',
      'Upgrade',
      'Expect',
    ];
    expect(to(names.flatMap((name) => [name, 'x']))).toEqual({ host: 'h.example' });
  });

  it('headers sent upstream omit what Connection names, but never the framing', () => {
    const raw = [
      'Connection',
      'close, X-Hop',
      'x-hop',
      '1',
      'connection',
      'Content-Length',
      'content-length',
      '5',
    ];
    expect(to(raw)).toEqual({ host: 'h.example', 'content-length': '5' });
  });

  it('naming Authorization in Connection does not remove the injected token', () => {
    expect(to(['Connection', 'Authorization, Host'], 'Bearer t')).toEqual({
      host: 'h.example',
      authorization: 'Bearer t',
    });
  });

  it('the injected credential replaces every line of its header, and Authorization is dropped', () => {
    const raw = ['X-Api-Key', 'mine', 'x-api-key', 'also mine', 'Authorization', 'Bearer mine'];
    const sent = { host: 'h.example', 'x-api-key': 'token' };
    expect(to(raw, 'token', false, 'x-api-key')).toEqual(sent);
    expect(to(['Connection', 'x-api-key'], 'token', false, 'x-api-key')).toEqual(sent);
  });

  it('a credential in the query sets no header, but Authorization and Range are dropped', () => {
    const raw = ['Authorization', 'Bearer mine', 'Range', 'bytes=0-1', 'key', 'kept'];
    const credential = { kind: 'query', name: 'key', value: 'token' } as const;
    expect(upstreamHeaders(raw, { host: 'h.example', credential, isSearched: true, hasBody: false })).toEqual(
      {
        host: 'h.example',
        key: 'kept',
      },
    );
  });

  it('a request with a token omits Range, as part of a response may hold half of the token', () => {
    const raw = ['Range', 'bytes=0-9', 'If-Range', '"x"', 'Accept-Encoding', 'gzip'];
    const part = { range: 'bytes=0-9', 'if-range': '"x"', 'accept-encoding': 'identity' };
    expect(to(raw)).toEqual({ host: 'h.example', ...part });
    const whole = { 'accept-encoding': 'gzip', authorization: 'Bearer t' };
    expect(to(raw, 'Bearer t')).toEqual({ host: 'h.example', ...whole });
  });

  it('headers sent upstream frame a chunked body only as chunked', () => {
    expect(to(['Transfer-Encoding', 'chunked'], undefined, true)).toEqual({
      host: 'h.example',
      'transfer-encoding': 'chunked',
    });
  });

  it('Accept-Encoding lists only encodings that egress knows and carries nothing else', () => {
    const accepted = (value: string) => to(['Accept-Encoding', value])['accept-encoding'];
    expect(accepted('gzip, deflate, br;q=0.8 , ZSTD; q=1')).toBe('gzip, br;q=0.8, zstd;q=1');
    expect(accepted('gzip;x=AKIAQ7XKPM2WZL9RTVBN, br;q=AKIAQ7XKPM2WZL9RTVBN, constructor')).toBe('identity');
  });

  it('headers sent upstream never hold a credential of the agent', () => {
    const name = fc.constantFrom(
      'Authorization',
      'authorization',
      'AuThOrIzAtIoN',
      'Connection',
      'X-A',
      '__proto__',
    );
    const value = fc.constantFrom('stolen', 'authorization', 'x-a', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const headers = to(pairs.flat(), 'Bearer t');
        expect(headers.authorization).toBe('Bearer t');
        expect(headers.host).toBe('h.example');
      }),
    );
  });
});

it('headers sent to the agent keep several cookies and omit connection headers', () => {
  const raw = [
    'Set-Cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'Connection',
    'keep-alive',
    'Keep-Alive',
    'timeout=5',
  ];
  expect(agentHeaders(raw)).toEqual({ 'set-cookie': ['a=1', 'b=2'] });
});
