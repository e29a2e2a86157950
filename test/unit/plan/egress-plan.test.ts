import { expect, it } from 'vitest';
import { egressPlan } from '../../../lib/plan/egress-plan.ts';

it('gives each token variable one slot, in order of first use, and names no variable twice', () => {
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

it('carries the port of a route and whether it is private', () => {
  const route = { host: 'lan.example', port: 8443, private: true };
  expect(egressPlan({ log: 0, learn: false, routes: [route] }).routes).toEqual([route]);
});
