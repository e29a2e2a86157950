#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { workspace } from '../lib/phases/workspace.ts';

await phaseScript(workspace, () => import('zx'));
