#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { discoverUrls } from '../lib/phases/discover-urls.ts';

await phaseScript(discoverUrls, () => import('zx'));
