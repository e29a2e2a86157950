/** Names of a bottle's resources, spelled as in bot-bottle, so that its users' habits carry over. */
export const machineName = (slug: string): string => `bot-bottle-${slug}`;
export const networkName = (slug: string): string => `bot-bottle-bundle-${slug}`;
export const bundleName = (slug: string): string => `bot-bottle-sidecars-${slug}`;
