/** Whether an `Accept` header asks for JSON more than for text. A bare wildcard asks for nothing in particular. */
export function prefersJson(accept: string | undefined): boolean {
  let json = 0;
  let text = 0;
  for (const range of (accept ?? '').slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = range.toLowerCase().split(';');
    const quality = parameters.map((parameter) => /^\s*q=([0-9.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
    const weight = quality === undefined ? 1 : Number(quality);
    if (/^application\/([a-z0-9.-]+\+)?json$/.test(type.trim())) json = Math.max(json, weight);
    if (/^text\//.test(type.trim())) text = Math.max(text, weight);
  }
  return json > 0 && json >= text;
}
