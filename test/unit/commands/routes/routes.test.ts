import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bottlePaths } from '../../../../lib/bottle/paths.ts';
import { keptRoutes } from '../../../../lib/commands/routes/keep-routes.ts';
import { listRoutes, routesListText } from '../../../../lib/commands/routes/list-routes.ts';
import type { Route } from '../../../../lib/daemons/contract/egress/routes.ts';
import { GrantUses } from '../../../../lib/daemons/egress/policy/grant-uses.ts';
import { allRules } from '../../../../lib/daemons/egress/policy/policy.ts';
import { type Grant, writeGrants } from '../../../../lib/supervise/grants-file.ts';
import { writeRoutesOfNewBundle } from '../../../../lib/supervise/new-bundle.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { BOTTLE } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

function grantOf(id: string, route: Route, reason = 'To install requests.'): Grant {
  return {
    id,
    route: { ...route, grant: id },
    at: '2026-01-02T03:04:05.000Z',
    by: 'ann',
    reason,
    state: 'in-force',
  };
}

const GET = [{ methods: ['GET'] }];

describe('granted routes', () => {
  useTemporaryHome();
  usePreparedBottles();

  it('are listed with who granted them, and what the agent wrote is inert', async () => {
    await prepareBottle([{ host: 'api.example', owner: 'provider' }, { host: 'a.example' }]);
    const hostile = 'See https://evil.example\u001b[2J\nnow';
    await writeGrants(BOTTLE, [
      grantOf('p-000001', { host: 'b.example', matches: GET, max_uses: 2 }, hostile),
    ]);
    const listed = await listRoutes(BOTTLE);
    expect(listed[2]).toMatchObject({ route: { host: 'b.example' }, grant: { id: 'p-000001', by: 'ann' } });
    const text = routesListText(listed);
    expect(text.split('\n').slice(0, 4)).toEqual([
      'api.example  any request  (provider)',
      'a.example  any request',
      'b.example  GET, 2 of 2 uses left',
      '  p-000001, granted 2026-01-02T03:04:05.000Z by ann',
    ]);
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('https://');
    expect(text.split('\n')).toHaveLength(5);
  });

  it('are listed with the uses that are left, as egress counts them', async () => {
    const bottle = await prepareBottle([{ host: 'c.example', max_uses: 3 }]);
    await writeGrants(BOTTLE, [grantOf('p-000001', { host: 'b.example', matches: GET, max_uses: 5 })]);
    await writeRoutesOfNewBundle(BOTTLE);
    await bottle.egress.load();
    const directory = bottlePaths.audit(BOTTLE);
    await mkdir(directory);
    const uses = await GrantUses.open(directory);
    const rules = allRules(bottle.egress.current);
    for (const host of ['b.example', 'b.example', 'c.example', 'c.example', 'c.example']) {
      const rule = rules.find((one) => one.host === host);
      if (rule !== undefined) uses.count(rule);
    }
    await uses.written();
    const [manifest, granted] = await listRoutes(BOTTLE);
    expect([manifest, granted]).toMatchObject([{ left: 0 }, { left: 3 }]);
    const [first, second] = routesListText(await listRoutes(BOTTLE)).split('\n');
    expect([first, second]).toEqual([
      'c.example  any request, 0 of 3 uses left',
      'b.example  GET, 3 of 5 uses left',
    ]);
    await writeFile(join(directory, 'uses.json'), '{"version":1,"uses":[{"route":"../x","used":-1}]}');
    expect(routesListText(await listRoutes(BOTTLE))).toContain('b.example  GET, 5 uses\n');
  });

  it('are followed by the values that may be sent, by their marks, which are not for the manifest', async () => {
    await prepareBottle([{ host: 'a.example' }]);
    const values = [
      { kind: 'aws-access-key', mark: '3f9a1c2e'.repeat(3) },
      { kind: 'jwt\u001b[2J', mark: '00000000'.repeat(3) },
    ];
    const place = { host: 'a.example', method: 'POST', path: '/', places: ['body'] };
    const request = { kind: 'egress-token-allow' as const, ...place, values };
    const granted = { at: '2026-01-02T03:04:05.000Z', by: 'ann', state: 'in-force', request } as const;
    await writeGrants(BOTTLE, [
      { id: 'p-000001', ...granted },
      { id: 'p-000002', ...granted, expires_at: '2096-01-01T00:00:00.000Z' },
      { id: 'p-000003', ...granted, expires_at: '2026-01-02T00:00:00.000Z' },
    ]);
    const listed = await listRoutes(BOTTLE);
    expect(listed[1]).toMatchObject({ values: { host: 'a.example' }, grant: { id: 'p-000001', by: 'ann' } });
    const found = 'aws-access-key #3f9a1c2e, jwt^[[2J #00000000';
    expect(routesListText(listed).split('\n')).toEqual([
      'a.example  any request',
      `a.example  may be sent ${found}, as long as the bundle runs`,
      '  p-000001, granted 2026-01-02T03:04:05.000Z by ann',
      `a.example  may be sent ${found}, until 2096-01-01T00:00:00.000Z`,
      '  p-000002, granted 2026-01-02T03:04:05.000Z by ann',
    ]);
    expect(await keptRoutes(BOTTLE)).toContain('Nothing is granted');
  });

  it('that have expired are not listed', async () => {
    await prepareBottle();
    await writeGrants(BOTTLE, [
      grantOf('p-000001', { host: 'b.example', expires_at: '2026-01-01T00:00:00Z' }),
    ]);
    expect(routesListText(await listRoutes(BOTTLE))).toBe('no route: nothing is let out');
  });

  it('are kept as a manifest has them, without ends, repetitions and what is never looked at', async () => {
    await prepareBottle([{ host: 'a.example', matches: [{ methods: ['HEAD'] }] }]);
    await writeGrants(BOTTLE, [
      grantOf('p-000001', { host: 'a.example', matches: GET, max_uses: 2 }),
      grantOf('p-000002', { host: 'a.example', matches: GET, expires_at: '2096-01-01T00:00:00Z' }),
      grantOf('p-000003', { host: 'b.example', max_uses: 1 }),
      grantOf('p-000004', { host: 'b.example', expires_at: '2096-01-01T00:00:00Z' }),
    ]);
    const text = await keptRoutes(BOTTLE);
    expect(parse(text)).toEqual({
      egress: { routes: [{ host: 'a.example', matches: GET }, { host: 'b.example' }] },
    });
    expect(text).toContain(
      '# p-000001, granted 2026-01-02T03:04:05.000Z by ann, for 2 uses; here it has no end.',
    );
    expect(text).toContain('# The host has routes already: put it behind those.');
  });
});
