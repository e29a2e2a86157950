import { BottleError } from '../errors.ts';

/**
 * Reads the values of `names` (target name -> host variable).
 * @throws BottleError `variable-missing`, naming every variable that is unset or empty, but no values.
 */
export function readHostVariables(
  names: Readonly<Record<string, string>>,
  host: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  assertVariables(Object.values(names), host);
  return Object.fromEntries(
    Object.entries(names).map(([target, variable]) => [target, host[variable] ?? '']),
  );
}

export function assertVariables(
  variables: readonly string[],
  host: Readonly<Record<string, string | undefined>> = process.env,
): void {
  // An empty token would be injected as an empty credential, so treat it as missing.
  const missing = [...new Set(variables.filter((variable) => !host[variable]))].toSorted();
  if (missing.length === 0) return;
  const plural = missing.length > 1;
  throw new BottleError(
    'variable-missing',
    `the host variable${plural ? 's' : ''} ${missing.join(', ')} ${plural ? 'are' : 'is'} not set`,
    { hint: `Export ${missing.join(', ')} in this shell, then try again.` },
  );
}
