import { COMPILE_CACHE_ENV, type DaemonDefinition } from '../daemon.ts';
import {
  QUEUE_DIR_ENV,
  QUEUE_SLUG_ENV,
  SUPERVISE_CONTROL_ENV,
  SUPERVISE_MODE_ENV,
  SUPERVISE_PORT_ENV,
} from './environment.ts';

const VARIABLES: ReadonlySet<string> = new Set([
  QUEUE_DIR_ENV,
  QUEUE_SLUG_ENV,
  SUPERVISE_CONTROL_ENV,
  SUPERVISE_MODE_ENV,
  SUPERVISE_PORT_ENV,
  COMPILE_CACHE_ENV,
]);

/** The MCP server with which the agent asks the person for what policy refuses. It knows no secret and opens nothing. */
export const supervise: DaemonDefinition = {
  port: 9100,
  mayRead: (variable) => VARIABLES.has(variable),
};
