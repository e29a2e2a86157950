import type { Change } from '../../workspace/changes.ts';

/** Names, at any depth, of files and folders that programs of the host run or obey without being asked. */
const NAMES = new Set([
  // git, its hosts, and hooks
  ...['.gitattributes', '.gitmodules', '.github', '.gitlab-ci.yml', '.githooks', '.husky'],
  // shells and editors
  ...['.envrc', '.vscode', '.idea', '.devcontainer'],
  // builds
  ...['makefile', 'gnumakefile', 'package.json'],
  // coding agents
  ...['claude.md', 'agents.md', '.claude', '.codex', '.cursor', '.mcp.json'],
]);

/** Whether a change can make the host run something by itself. Any file can be run, so this list is no limit. */
export function runsOnHost({ path, oldMode, newMode }: Change): boolean {
  if (newMode === '000000') return false;
  if (newMode === '100755' && oldMode !== '100755') return true;
  return path.split('/').some((part) => NAMES.has(part.toLowerCase()));
}
