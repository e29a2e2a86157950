import { describe, expect, it } from 'vitest';
import { type Route, routesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import { grantedRoute } from '../../../lib/supervise/granted-route.ts';
import { conflict, mergeGrants } from '../../../lib/supervise/merge-grants.ts';

const NOW = Date.UTC(2026, 5, 1);
const GET = { methods: ['GET'] };
let ids = 0;

function grant(asked: object = {}, limit?: Parameters<typeof grantedRoute>[2]): Route {
  ids += 1;
  const request = { kind: 'allow', host: 'a.example', reason: 'x', ...asked } as const;
  return grantedRoute(`p-${String(ids).padStart(6, '0')}`, request, limit, NOW);
}

/** The merged routes, which must be a file that egress takes. */
function merged(prepared: readonly Route[], granted: readonly Route[]): Route[] {
  return routesFile.parse({ version: 1, routes: mergeGrants(prepared, granted) }).routes;
}

describe('granted routes', () => {
  it('stand for what was asked, with its end', () => {
    const asked = { port: 8443, methods: ['GET'], pathPrefix: '/simple/' };
    expect(grant(asked, { seconds: 600 })).toEqual({
      host: 'a.example',
      port: 8443,
      matches: [{ paths: [{ type: 'prefix', value: '/simple/' }], methods: ['GET'] }],
      expires_at: '2026-06-01T00:10:00.000Z',
      grant: expect.stringMatching(/^p-/),
    });
    expect(grant({}, { uses: 2 })).toMatchObject({ max_uses: 2 });
  });

  it('come behind what was prepared for their host, which decides as before', () => {
    const paid: Route = {
      host: 'a.example',
      port: 443,
      private: true,
      matches: [GET],
      auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
    };
    const granted = grant();
    expect(merged([paid], [granted])).toEqual([paid, { ...granted, port: 443, private: true }]);
  });

  it('do not hide a route of a wildcard: the host gets its own copy of it', () => {
    const wild: Route = { host: '*.b.example', matches: [GET] };
    const wilder: Route = { host: '*.a.b.example', matches: [GET], private: true };
    const granted = grant({ host: 'x.a.b.example' });
    expect(merged([wild, wilder], [granted])).toEqual([
      wild,
      wilder,
      { ...wilder, host: 'x.a.b.example' },
      { ...granted, private: true },
    ]);
  });

  it('are in an order in which none hides another', () => {
    const whole = grant();
    const twice = grant({}, { uses: 2 });
    const soon = grant({}, { seconds: 60 });
    const read = grant(GET);
    expect(merged([], [whole, twice, soon, read])).toEqual([read, soon, twice, whole]);
  });

  it.each<[string, Route[], Route[], Route, RegExp]>([
    [
      'the provider has the host',
      [{ host: '*.example', owner: 'provider' }],
      [],
      grant(),
      /^a\.example belongs to the agent's provider/,
    ],
    [
      'the manifest lets everything out already',
      [{ host: 'a.example' }],
      [],
      grant(),
      /let out already, by the manifest's route of a\.example$/,
    ],
    [
      'a wildcard lets everything out already',
      [{ host: '*.example' }],
      [],
      grant(),
      /let out already, by the manifest's route of \*\.example$/,
    ],
    ['a grant lets everything out already', [], [grant()], grant(GET), /let out already, by p-/],
    [
      'the host is open on another port',
      [{ host: 'a.example', port: 8443, matches: [GET] }],
      [],
      grant(),
      /^other routes of a\.example open it on port 8443 alone$/,
    ],
    [
      'its port would open a second one',
      [{ host: 'a.example', matches: [GET] }],
      [],
      grant({ port: 443 }),
      /on 443 and 80, so it can only be granted without a port$/,
    ],
  ])('are refused where %s', (_why, prepared, granted, asked, message) => {
    expect(conflict(asked, prepared, granted)).toMatch(message);
  });

  it.each<[string, Route[], Route[], Route]>([
    ['a host that nobody names', [{ host: 'b.example' }], [], grant()],
    ['another method of a host', [{ host: 'a.example', matches: [GET] }], [], grant()],
    [
      'a host without a port beside a route of 443',
      [{ host: 'a.example', port: 443, matches: [GET] }],
      [],
      grant(),
    ],
    ['a host whose grant will end', [], [grant({}, { uses: 1 }), grant({}, { seconds: 1 })], grant()],
  ])('are possible for %s', (_what, prepared, granted, asked) => {
    expect(conflict(asked, prepared, granted)).toBeUndefined();
    expect(merged(prepared, [...granted, asked])).toContainEqual(
      expect.objectContaining({ grant: asked.grant }),
    );
  });
});
