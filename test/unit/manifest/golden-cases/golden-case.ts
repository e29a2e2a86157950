import { agentOf, yaml } from '../../../support/manifest-workspace.ts';

/** A mistake in a manifest, and the launch that reveals it. */
export interface GoldenCase {
  readonly title: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The requested agent; `dev` when absent. */
  readonly agent?: string;
  /** Bottles chosen at launch. */
  readonly bottles?: readonly string[];
  /** Symbolic links to create: path -> target. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Case in which the bottle of agent `dev` has these lines of frontmatter. */
export function badBottle(title: string, ...lines: string[]): GoldenCase {
  return badFile(title, yaml(...lines));
}

/** Case in which the bottle of agent `dev` is this file. */
export function badFile(title: string, content: string | Uint8Array): GoldenCase {
  return { title, files: { 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': content } };
}

/** Case in which the agent `dev` has these lines of frontmatter; a bottle `b` exists. */
export function badAgent(title: string, ...lines: string[]): GoldenCase {
  return { title, files: { 'home/agents/dev.md': yaml(...lines), 'home/bottles/b.md': yaml() } };
}

/** Case in which the bottle's only route has these lines besides its host. */
export function badRoute(title: string, ...lines: string[]): GoldenCase {
  const indented = lines.map((line) => `      ${line}`);
  return badBottle(title, 'egress:', '  routes:', '    - host: api.example.com', ...indented);
}

/** Case in which the bottle's only repository has these lines besides its name. */
export function badRepo(title: string, ...lines: string[]): GoldenCase {
  return badBottle(title, 'git-gate:', '  repos:', '    app:', ...lines.map((line) => `      ${line}`));
}
