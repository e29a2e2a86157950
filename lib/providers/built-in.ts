import { claude } from './claude/provider.ts';
import { codex } from './codex/provider.ts';
import { command } from './command/provider.ts';
import { pi } from './pi/provider.ts';
import type { Provider } from './provider.ts';

/** The kit's own providers; the Dockerfile of each is in `image` of the folder of its name. */
export const BUILT_IN_PROVIDERS: Readonly<Record<string, Provider>> = { claude, codex, pi, command };
