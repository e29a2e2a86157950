import { expect, it } from 'vitest';
import { egressPlan } from '../../../lib/prepare/egress-plan.ts';

it('egressPlan gives each token variable one slot, in order of first use', () => {
  const auth = (tokenRef: string) => ({ scheme: 'Bearer' as const, tokenRef });
  const routes = [
    { host: 'a.example', auth: auth('FIRST') },
    { host: 'open.example' },
    { host: 'b.example', auth: auth('SECOND') },
    { host: 'c.example', auth: auth('FIRST') },
  ];
  const plan = egressPlan({ log: 2, learn: true, routes });
  expect(plan.tokens).toEqual({ EGRESS_TOKEN_0: 'FIRST', EGRESS_TOKEN_1: 'SECOND' });
  expect(plan.routes.map(({ auth: planned }) => planned?.slot)).toEqual([
    'EGRESS_TOKEN_0',
    undefined,
    'EGRESS_TOKEN_1',
    'EGRESS_TOKEN_0',
  ]);
});

it('egressPlan keeps the header and scheme of a credential', () => {
  const auth = { header: 'x-api-key', scheme: 'none' as const, tokenRef: 'KEY' };
  const plan = egressPlan({ log: 0, learn: false, routes: [{ host: 'a.example', auth }] });
  expect(plan.routes[0]?.auth).toEqual({ header: 'x-api-key', scheme: 'none', slot: 'EGRESS_TOKEN_0' });
});

it('egressPlan keeps the query parameter of a credential, which has no scheme', () => {
  const auth = { query: 'key', tokenRef: 'KEY' };
  const plan = egressPlan({ log: 0, learn: false, routes: [{ host: 'a.example', auth }] });
  expect(plan.routes[0]?.auth).toEqual({ query: 'key', slot: 'EGRESS_TOKEN_0' });
});

it('egressPlan keeps `explain_denials: false`', () => {
  const plan = egressPlan({ log: 0, learn: false, explainDenials: false, routes: [] });
  expect(plan.explain_denials).toBe(false);
});

it('egressPlan keeps the port and the private flag of a route', () => {
  const route = { host: 'lan.example', port: 8443, private: true };
  expect(egressPlan({ log: 0, learn: false, routes: [route] }).routes).toEqual([route]);
});

it('the provider’s route and slot take precedence over the bottle’s for the same host', () => {
  const auth = { scheme: 'token' as const, tokenRef: 'MINE' };
  const routes = [
    { host: 'api.example', auth },
    { host: 'b.example', auth },
  ];
  const provided = [{ host: 'api.example', auth: { scheme: 'Bearer' as const, tokenRef: 'OAUTH' } }];
  const plan = egressPlan({ log: 0, learn: false, routes }, provided);
  expect(plan.routes).toEqual([
    { host: 'api.example', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' }, owner: 'provider' },
    { host: 'b.example', auth: { scheme: 'token', slot: 'EGRESS_TOKEN_1' } },
  ]);
  expect(plan.tokens).toEqual({ EGRESS_TOKEN_0: 'OAUTH', EGRESS_TOKEN_1: 'MINE' });
});
