/** Returns `docker run` arguments that mount a path of the host. Their value is CSV: a comma in a path needs quotes. */
export function bindMount(from: string, to: string, mode?: 'readonly'): string[] {
  const fields = ['type=bind', `source=${from}`, `target=${to}`, ...(mode === undefined ? [] : [mode])];
  return ['--mount', fields.map(quoted).join(',')];
}

function quoted(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
