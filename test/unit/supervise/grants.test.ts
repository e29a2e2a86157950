import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { allowedFile } from '../../../lib/daemons/contract/git-gate/allowed.ts';
import type { Verdict } from '../../../lib/daemons/contract/supervise/decision.ts';
import { decisionFile } from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { readQueue } from '../../../lib/daemons/contract/supervise/read-queue.ts';
import { decide } from '../../../lib/supervise/decide.ts';
import { policyChange } from '../../../lib/supervise/grant.ts';
import { readGrants, removeGrants, writeGrants } from '../../../lib/supervise/grants-file.ts';
import { writeRoutesOfNewBundle } from '../../../lib/supervise/new-bundle.ts';
import { revokeGrant } from '../../../lib/supervise/revoke.ts';
import { prepareBottle, usePreparedBottles } from '../../support/supervise/prepared-bottle.ts';
import { propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const APPROVED: Verdict & { state: 'approved' } = { state: 'approved' };
const other = { kind: 'allow', host: 'other.example', reason: 'x' } as const;

describe('an approved route', () => {
  useTemporaryHome();
  usePreparedBottles();

  const verdictOf = async (id = 'p-0r3k7m') =>
    (await readQueue(bottlePaths.superviseQueue(BOTTLE), BOTTLE)).entries.find(
      ({ proposal }) => proposal.id === id,
    )?.decision?.verdict;
  const hosts = (bottle: Awaited<ReturnType<typeof prepareBottle>>) =>
    bottle.inForce().map(({ host }) => host);

  it('is in force before the agent is told, as the generation that it is told', async () => {
    const bottle = await prepareBottle([{ host: 'a.example' }]);
    const proposal = await propose();
    const decision = await decide(proposal, { state: 'approved', limit: { uses: 2 } });
    expect(bottle.inForce()).toEqual([
      { host: 'a.example' },
      { host: 'pypi.org', matches: [{ methods: ['GET'] }], max_uses: 2, grant: proposal.id },
    ]);
    expect(decision.verdict).toMatchObject({ state: 'approved', generation: bottle.egress.generation });
    expect(await readGrants(BOTTLE)).toMatchObject([{ id: proposal.id, state: 'in-force' }]);
  });

  it('is what the person made of it', async () => {
    const bottle = await prepareBottle();
    const request = { kind: 'allow', host: 'pypi.org', pathPrefix: '/simple/', reason: 'x' } as const;
    await decide(await propose(), { state: 'modified', request });
    expect(bottle.inForce()).toMatchObject([{ matches: [{ paths: [{ value: '/simple/' }] }] }]);
  });

  it('is loaded once by two who approve at the same time', async () => {
    const bottle = await prepareBottle();
    const proposal = await propose();
    const results = await Promise.allSettled([decide(proposal, APPROVED), decide(proposal, APPROVED)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(hosts(bottle)).toEqual(['pypi.org']);
    expect(bottle.egress.generation).toBe(2);
  });

  it('of two proposals that are approved at the same time, both are in force', async () => {
    const bottle = await prepareBottle();
    const second = await propose({ id: 'p-0r3k7n', request: other });
    await Promise.all([decide(await propose(), APPROVED), decide(second, APPROVED)]);
    expect(hosts(bottle).toSorted()).toEqual(['other.example', 'pypi.org']);
  });

  it('is refused when the policy is another than the one that was shown', async () => {
    const bottle = await prepareBottle();
    const proposal = await propose();
    const { version } = await policyChange(proposal, APPROVED);
    await decide(await propose({ id: 'p-0r3k7n', request: other }), APPROVED);
    await expect(decide(proposal, APPROVED, version)).rejects.toThrow(/policy .* has changed since/);
    expect(hosts(bottle)).toEqual(['other.example']);
    expect(await verdictOf()).toBeUndefined();
    const again = await policyChange(proposal, APPROVED);
    await expect(decide(proposal, APPROVED, again.version)).resolves.toBeDefined();
  });

  it('that egress does not load changes nothing, and agent and person are told why', async () => {
    const bottle = await prepareBottle();
    await decide(await propose({ id: 'p-0r3k7n', request: other }), APPROVED);
    await bottle.failWith('the control socket is gone');
    const proposal = await propose();
    await expect(decide(proposal, APPROVED)).rejects.toMatchObject({
      code: 'policy-not-loaded',
      message: expect.stringContaining('the control socket is gone'),
    });
    expect(await verdictOf()).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('the control socket is gone'),
    });
    expect(await readGrants(BOTTLE)).toMatchObject([{ id: 'p-0r3k7n' }]);
    await bottle.egress.reload();
    expect(hosts(bottle)).toEqual(['other.example']);
  });

  it('stays pending while the bundle is not up', async () => {
    const bottle = await prepareBottle();
    await bottle.failWith('Error response from daemon: No such container: b');
    await expect(decide(await propose(), APPROVED)).rejects.toThrow(/bundle of demo-a1b2c is not up/);
    expect(await verdictOf()).toBeUndefined();
    expect(await readGrants(BOTTLE)).toEqual([]);
  });

  it('that cannot be combined with the routes of its host stays pending', async () => {
    const bottle = await prepareBottle([{ host: 'pypi.org' }]);
    const proposal = await propose();
    const reason = "every request to pypi.org is let out already, by the manifest's route of pypi.org";
    await expect(decide(proposal, APPROVED)).rejects.toThrow(`p-0r3k7m cannot be granted: ${reason}`);
    expect((await policyChange(proposal, APPROVED)).conflict).toBe(reason);
    expect(bottle.egress.generation).toBe(1);
    expect(await verdictOf()).toBeUndefined();
  });

  it('whose loading was killed is taken back by the next decision, unless the agent was told', async () => {
    const bottle = await prepareBottle();
    const told = await propose();
    const untold = await propose({ id: 'p-0r3k7n', request: other });
    await decide(told, APPROVED);
    await decide(untold, APPROVED);
    await writeGrants(
      BOTTLE,
      (await readGrants(BOTTLE)).map((grant) => ({ ...grant, state: 'loading' })),
    );
    await rm(join(bottlePaths.superviseQueue(BOTTLE), decisionFile(untold.id)));
    await decide(untold, { state: 'rejected', reason: 'no' });
    expect(hosts(bottle)).toEqual(['pypi.org']);
    expect(await readGrants(BOTTLE)).toMatchObject([{ id: told.id, state: 'in-force' }]);
  });

  it('is shown as what it changes for its host', async () => {
    const route = { host: 'pypi.org', matches: [{ methods: ['POST'] }] };
    await prepareBottle([route, { host: 'a.example' }]);
    const change = await policyChange(await propose(), { state: 'approved', limit: { seconds: 60 } });
    expect(change.before).toEqual([route]);
    expect(change.after).toEqual([route, expect.objectContaining({ expires_at: expect.any(String) })]);
  });

  it('is still there in the next bundle, as good as it was', async () => {
    const bottle = await prepareBottle([{ host: 'a.example' }]);
    await decide(await propose(), { state: 'approved', limit: { seconds: 600 } });
    await decide(await propose({ id: 'p-0r3k7n', request: other }), {
      state: 'approved',
      limit: { uses: 1 },
    });
    const before = bottle.inForce();
    await writeRoutesOfNewBundle(BOTTLE);
    await bottle.egress.reload();
    // Uses are counted by what the route says, so it must not have changed.
    expect(bottle.inForce()).toEqual(before);
    expect(await readGrants(BOTTLE)).toHaveLength(2);
  });

  it('is forgotten with its uses when the bottle is prepared anew or torn down', async () => {
    await prepareBottle();
    await decide(await propose(), { state: 'approved', limit: { uses: 1 } });
    const uses = join(bottlePaths.audit(BOTTLE), 'uses.json');
    await mkdir(bottlePaths.audit(BOTTLE), { recursive: true });
    await writeFile(uses, '{}');
    await removeGrants(BOTTLE);
    expect(await readGrants(BOTTLE)).toEqual([]);
    await expect(readFile(uses)).rejects.toThrow('ENOENT');
  });

  it('that is revoked is no longer in force, and cannot be revoked again', async () => {
    const bottle = await prepareBottle([{ host: 'a.example' }]);
    const { id } = await propose();
    await decide(await propose(), APPROVED);
    await revokeGrant(BOTTLE, id);
    expect(hosts(bottle)).toEqual(['a.example']);
    await expect(revokeGrant(BOTTLE, id)).rejects.toThrow(/no grant p-0r3k7m/);
  });

  it('that egress cannot be told of its end is not in force for the next bundle', async () => {
    const bottle = await prepareBottle();
    await decide(await propose(), APPROVED);
    await bottle.failWith('ctl: connect ENOENT');
    await expect(revokeGrant(BOTTLE, 'p-0r3k7m')).rejects.toMatchObject({ code: 'policy-not-loaded' });
    await bottle.egress.reload();
    expect(hosts(bottle)).toEqual([]);
  });

  it('is revoked while the bundle is down', async () => {
    const bottle = await prepareBottle();
    await decide(await propose(), APPROVED);
    await bottle.failWith('Error: No such container: b');
    await revokeGrant(BOTTLE, 'p-0r3k7m');
    expect(await readGrants(BOTTLE)).toEqual([]);
  });

  it('of the gate lets one finding pass from the next push on', async () => {
    await prepareBottle();
    const finding = 'f-0123456789ab';
    const decision = await decide(
      await propose({ request: { kind: 'git-allow', finding, reason: 'x' } }),
      APPROVED,
    );
    expect(decision.verdict).toEqual(APPROVED);
    const file = await readFile(join(bottlePaths.gitGate(BOTTLE), 'allowed.json'), 'utf8');
    expect(allowedFile.parse(JSON.parse(file)).findings).toEqual([{ id: finding }]);
  });

  it('of a bottle with pipelock is refused: it would be refused behind egress', async () => {
    await prepareBottle([], ['selftest', 'egress', 'pipelock', 'supervise']);
    await expect(decide(await propose(), APPROVED)).rejects.toThrow(/pipelock/);
  });
});
