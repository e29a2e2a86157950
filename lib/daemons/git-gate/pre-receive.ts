#!/usr/bin/env node
// Run by git before any ref changes, with the new objects in quarantine: has git-gate judge the push.
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { askGate, readCommand, tell } from './hook/ask-gate.ts';

function pushOptions({ GIT_PUSH_OPTION_COUNT: count = '0', ...environment }: NodeJS.ProcessEnv): string[] {
  return Array.from({ length: Number(count) }, (_, index) => environment[`GIT_PUSH_OPTION_${index}`] ?? '');
}

const { GIT_QUARANTINE_PATH: quarantine } = process.env;
const input = await text(process.stdin);
const reply = await askGate({
  do: 'judge',
  quarantine: quarantine === undefined ? null : basename(quarantine),
  commands: input.split('\n').filter(Boolean).map(readCommand),
  options: pushOptions(process.env),
});
tell(reply.text);
process.exitCode = reply.ok ? 0 : 1;
