import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';
import { parseRoutes } from '../../../lib/daemons/egress/policy/routes-source.ts';
import { claim } from '../claim.ts';
import type { Target } from './target.ts';

const YAML_PARTS = [
  'version: 1\n',
  'routes:\n',
  '  - ',
  'host: ',
  'a.example',
  '"*.a.example"',
  '\n',
  '    ',
  'port: ',
  '-1',
  '{}',
  '[',
  '&a ',
  '*a',
  'matches: ',
  '- paths: ',
  'regex',
  '(',
  '!!js ',
  '<<: ',
] as const;

/** A routes file is either read, or refused with the place of the error. */
export const routes: Target = (random) => {
  const text = `${random.pick(['version: 1\nroutes:\n', ''])}${random.text(YAML_PARTS, 14)}`;
  try {
    buildPolicy(parseRoutes(text, 'routes.yaml'), new Set());
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    claim(
      /^routes\.yaml:\d+: |^the route of /.test(message),
      `no place: ${JSON.stringify(text)}: ${message}`,
    );
  }
};
