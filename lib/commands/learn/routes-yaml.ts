import { Document, isMap } from 'yaml';
import { egress } from '../../manifest/schema/egress.ts';
import type { WrittenRoute } from './manifest-route.ts';

/** A route and what stands above it. */
export interface CommentedRoute {
  readonly route: WrittenRoute;
  /** See `commentLines`. */
  readonly comment: string;
}

/** Returns routes as YAML for a bottle's frontmatter. @throws Error when a manifest could not contain them. */
export function routesYaml(commented: readonly CommentedRoute[]): string {
  const document = new Document({ egress: { routes: commented.map(({ route }) => route) } });
  for (const [index, { comment }] of commented.entries()) {
    const node = document.getIn(['egress', 'routes', index]);
    if (isMap(node)) node.commentBefore = comment;
  }
  // The pasted text must load: rather fail than print one that does not.
  egress.parse(document.toJS().egress);
  return document.toString({ lineWidth: 0 });
}

/** Formats comment lines; `commentBefore` of a YAML node adds the `#` itself. */
export function commentLines(lines: readonly string[], mark = ''): string {
  return lines.map((text) => `${mark} ${text}`).join('\n');
}
