/** The variable that carries an answer from the process that asked to the phase that needs it, and nowhere else. */
export function promptedVariable(name: string): string {
  return `BOT_BOTTLE_PROMPTED_${name}`;
}
