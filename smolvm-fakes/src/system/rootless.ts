/** Set for a fake within the user namespace that an ordinary user's fake has made or entered. */
export const INSIDE_VARIABLE = 'SMOLVM_FAKE_NAMESPACE';

/** Whether this program is root in such a namespace: with owners and mounts, but nothing of the host's. */
export const isInside = () => process.env[INSIDE_VARIABLE] === '1';

/** Whether an ordinary user runs this program, in a user namespace or before it has one. */
export const isRootless = () => isInside() || process.getuid?.() !== 0;
