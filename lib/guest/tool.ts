/**
 * The kit's program in the guest, whose source is in `tool/`. It is part of every image that a guest boots from.
 * Root owns it and the directories above it, so it is what every `machine exec` starts: neither the PATH nor a
 * start-up file nor a program that the agent can write has a part in what runs as root.
 */
export const GUEST_TOOL = '/usr/libexec/bot-bottle/guest-tool';

/** Returns the guest command that runs `command` as root, with nothing of the machine's environment. */
export function rootCommand(command: readonly string[]): string[] {
  return [GUEST_TOOL, 'as-root', ...command];
}
