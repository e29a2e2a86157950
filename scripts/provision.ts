#!/usr/bin/env node
import { readRecord } from '../lib/bottle/records.ts';
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { askPrompted } from '../lib/commands/up/ask-prompted.ts';
import { prepare } from '../lib/phases/prepare.ts';
import { provision } from '../lib/phases/provision.ts';

await phaseScript(
  provision,
  () => import('zx'),
  async (slug, { force, signal }) => {
    const prepared = await readRecord(slug, prepare.name, prepare.record);
    const provisioned = force ? undefined : await readRecord(slug, provision.name, provision.record);
    if (prepared !== undefined && provisioned === undefined) await askPrompted(prepared.data, signal);
  },
);
