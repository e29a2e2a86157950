import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program, Version } from './cell.ts';
import { launchWith } from './launch-with.ts';

/** A verb as one script of the kit calls it, and how often it does in a launch that meets no fault. */
export interface Verb {
  readonly script: string;
  readonly program: Program;
  readonly verb: string;
  readonly count: number;
}

export interface Recorded {
  readonly verbs: readonly Verb[];
  /** Of all programs. */
  readonly calls: number;
}

/** Verbs of docker that say what is done only with their second word. */
const GROUPS = new Set(['container', 'context', 'image', 'network', 'volume']);

/** Returns every call of docker and smolvm in a launch of an agent that does nothing, whose images are all there. */
export async function recordCalls(version: Version): Promise<Recorded> {
  const first = await callsOfLaunch(version);
  const isFirst = first.some((call) => / docker (build|pull|save) /.test(call));
  const calls = isFirst ? await callsOfLaunch(version) : first;
  const verbs = Map.groupBy(calls, (call) => verbOf(call).join(' '));
  return {
    calls: calls.length,
    verbs: [...verbs.values()].map((same) => {
      const [script = '', program = '', ...verb] = verbOf(same[0] ?? '');
      return { script, program: program as Program, verb: verb.join(' '), count: same.length };
    }),
  };
}

async function callsOfLaunch(version: Version): Promise<string[]> {
  const { user, directory, running } = await launchWith(version, {});
  const { exitCode, stderr } = await running.finished;
  const calls = readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n');
  user.remove();
  if (exitCode !== 0) throw new Error(`a launch without a fault ended with ${exitCode}:\n${stderr}`);
  return calls;
}

function verbOf(call: string): string[] {
  const [script = '', program = '', first = '', second = ''] = call.split(' ');
  const hasTwo = program === 'smolvm' ? !first.startsWith('-') : GROUPS.has(first);
  return [script, program, first, ...(hasTwo ? [second] : [])];
}
