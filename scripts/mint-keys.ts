#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { mintKeys } from '../lib/phases/mint-keys.ts';

await phaseScript(mintKeys, () => import('zx'));
