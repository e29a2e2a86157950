import type { Plan } from '../plan/schema.ts';
import { columns } from './output.ts';

/** What a bottle may reach and hold, for the eyes of who launches it. Names only, never a value. */
export function describePlan(plan: Plan): string {
  const { literals, forwarded } = plan.environment;
  const variables = [
    ...Object.keys(literals),
    ...Object.entries(forwarded).map(([name, from]) => `${name} (from ${from})`),
  ];
  const routes = plan.egress.routes.map(({ host, auth }) =>
    auth === undefined ? host : `${host} [auth:${auth.scheme}]`,
  );
  const image = plan.image.kind === 'reference' ? plan.image.reference : plan.image.dockerfile;
  return columns([
    ['  bottle', plan.slug],
    ['  agent', `${plan.agent.name} (${plan.agent.file})`],
    ['  command', plan.provider.command.join(' ')],
    ['  image', image],
    ['  env', variables.join(', ') || 'none'],
    ['  may reach', routes.join(', ') || 'nothing outside the bottle'],
  ]);
}
