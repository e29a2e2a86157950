/** Name under which agents know the MCP server of the supervise daemon. */
export const OWN_MCP_SERVER = 'supervise';
