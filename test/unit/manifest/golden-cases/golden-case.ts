import { agentOf, yaml } from '../../../support/manifest-workspace.ts';

/** A mistake that a person can make, and how they come upon it. */
export interface GoldenCase {
  readonly title: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The agent that is asked for, `dev` when absent. */
  readonly agent?: string;
  /** Bottles chosen at launch. */
  readonly bottles?: readonly string[];
  /** Links to make: where -> what it holds. */
  readonly links?: Readonly<Record<string, string>>;
}

/** The bottle of agent `dev` has these lines of frontmatter. */
export function badBottle(title: string, ...lines: string[]): GoldenCase {
  return badFile(title, yaml(...lines));
}

/** The bottle of agent `dev` is this file. */
export function badFile(title: string, content: string | Uint8Array): GoldenCase {
  return { title, files: { 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': content } };
}

/** The agent `dev` has these lines of frontmatter; there is a bottle `b`. */
export function badAgent(title: string, ...lines: string[]): GoldenCase {
  return { title, files: { 'home/agents/dev.md': yaml(...lines), 'home/bottles/b.md': yaml() } };
}

/** The one route of the bottle has these lines besides its host. */
export function badRoute(title: string, ...lines: string[]): GoldenCase {
  const indented = lines.map((line) => `      ${line}`);
  return badBottle(title, 'egress:', '  routes:', '    - host: api.example.com', ...indented);
}

/** The one repository of the bottle has these lines besides its name. */
export function badRepo(title: string, ...lines: string[]): GoldenCase {
  return badBottle(title, 'git-gate:', '  repos:', '    app:', ...lines.map((line) => `      ${line}`));
}
