import type { Provider } from '../provider.ts';

/** Any program as an agent; the bottle names its command and Dockerfile. */
export const command: Provider = {
  headless: () => [],
  // Where agents of several vendors look. https://agentskills.io
  skills: '.agents/skills',
};
