#!/usr/bin/env node
// Run by git in the place of changing refs: has git-gate push to upstream, and passes on what upstream answers.
import type { RefAnswer } from '../contract/git-gate/control.ts';
import { askGate, readCommand, tell } from './hook/ask-gate.ts';
import { PktReader, writeSection } from './hook/pkt-line.ts';

/** `fall-through`: git then changes the mirror's ref too. Without it, it would only say so. */
function report({ ref, fault }: RefAnswer): string[] {
  return fault === null ? [`ok ${ref}`, 'option fall-through'] : [`ng ${ref} ${fault}`];
}

const packets = new PktReader(process.stdin);
const [hello = ''] = await packets.section();
const features = (hello.split('\0')[1] ?? '').split(' ');
const hasOptions = features.includes('push-options');
const isAtomic = features.includes('atomic');
writeSection(process.stdout, [
  `version=1\0${[hasOptions ? 'push-options' : '', isAtomic ? 'atomic' : ''].join(' ').trim()}`,
]);

const commands = (await packets.section()).map(readCommand);
const options = hasOptions ? await packets.section() : [];
const reply = await askGate({ do: 'forward', commands, options, atomic: isAtomic });
tell(reply.text);
const unanswered = 'the git gate did not push it';
const answers = reply.refs ?? commands.map(({ ref }) => ({ ref, fault: unanswered }));
writeSection(process.stdout, answers.flatMap(report));
