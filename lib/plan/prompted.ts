/** Returns the variable that passes an answer from the prompting process to the phase that needs it. */
export function promptedVariable(name: string): string {
  return `BOT_BOTTLE_PROMPTED_${name}`;
}
