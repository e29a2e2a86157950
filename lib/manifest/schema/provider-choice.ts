import { z } from 'zod';
import { OWN_MCP_SERVER } from '../own-mcp-server.ts';
import type { ProviderChoice } from '../types.ts';
import { fail } from './rule.ts';
import { variableName, variableNameOrNone } from './variable-name.ts';

/** The provider of a bottle that does not name one. */
const DEFAULT_TEMPLATE = 'claude';
/** Name of a built-in provider or of a directory in `contrib`; never a path. */
const TEMPLATE = /^[A-Za-z][A-Za-z0-9_-]*$/;

const template = z
  .string()
  .superRefine((text, context) => {
    if (TEMPLATE.test(text)) return;
    fail(
      context,
      'is not a valid provider name: a letter, followed by letters, digits, `_` and `-`',
      'Write `claude`, `codex`, `pi`, `command`, or the name of a directory in `contrib`.',
    );
  })
  .meta({ pattern: TEMPLATE.source });

const withoutNul = z.string().superRefine((text, context) => {
  if (text.includes('\0')) fail(context, 'contains a NUL character', 'Remove the NUL character.');
});

/** A list rather than a line, so no shell ever splits it. */
const command = z.array(withoutNul).superRefine((words, context) => {
  if (words[0] === undefined || words[0] === '') {
    fail(context, 'does not name a program', 'List the program, then its arguments: `[node, main.mjs]`.');
  }
});

const credential = z.strictObject({
  kind: z.string().meta({ description: 'One of the provider’s kinds; `make info` lists them.' }),
  token_ref: variableName
    .optional()
    .meta({ description: 'The host variable that holds it; not for a sign-in of the host.' }),
});

/** The names that all agents accept. */
const MCP_SERVER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const mcpServerName = z
  .string()
  .superRefine((text, context) => {
    if (!MCP_SERVER.test(text)) {
      fail(
        context,
        'is not a valid name of an MCP server',
        'Use at most 64 letters, digits, `_` and `-`, and start with a letter or digit.',
      );
    } else if (text === OWN_MCP_SERVER) {
      fail(context, 'is the name of the kit’s own MCP server', 'Choose another name.');
    }
  })
  .meta({ pattern: MCP_SERVER.source });

const mcpServerUrl = z
  .string()
  .superRefine((text, context) => {
    const url = URL.parse(text);
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      return fail(context, 'is not an HTTP URL', 'Write, for example, `https://mcp.example.com/mcp`.');
    }
    if (url.username === '' && url.password === '') return;
    fail(
      context,
      'contains a credential, which the agent would see',
      'Remove it, and name the credential as `auth` of a route to that host.',
    );
  })
  .meta({ format: 'uri' });

const fields = z.strictObject({
  template: template.optional().meta({
    description: '`claude`, `codex`, `pi`, `command`, or your own provider in `contrib`.',
    default: DEFAULT_TEMPLATE,
  }),
  command: command.optional().meta({
    description:
      'With `command`, or your own provider that names none: the program and its arguments, as a list; the image’s own when absent.',
  }),
  dockerfile: withoutNul.optional().meta({ description: 'The Dockerfile of the agent’s image.' }),
  credential: credential
    .optional()
    .meta({ description: 'What the agent signs in with. It gets a placeholder; egress adds the real one.' }),
  auth_token: variableNameOrNone.optional().meta({
    description: 'With `claude`: short for `credential: { kind: oauth_token, token_ref: … }`.',
  }),
  forward_host_credentials: z
    .boolean()
    .optional()
    .meta({ description: 'With `codex`: short for `credential: { kind: chatgpt }`.', default: false }),
  mcp_servers: z.record(mcpServerName, mcpServerUrl).optional().meta({
    description: 'MCP servers over HTTP that the agent should know: name -> URL. Routes must lead there.',
  }),
});
type Fields = z.output<typeof fields>;

/** The template that each shorthand belongs to. A key set to its default is allowed for all. */
const OWNERS: readonly { key: keyof Fields; template: string; isSet(fields: Fields): boolean }[] = [
  { key: 'auth_token', template: 'claude', isSet: (fields) => Boolean(fields.auth_token) },
  {
    key: 'forward_host_credentials',
    template: 'codex',
    isSet: (fields) => fields.forward_host_credentials === true,
  },
];

/** `agent_provider`. An empty `dockerfile` counts as absent: it would resolve to the working directory. */
export const providerChoice = fields
  .superRefine((choice, context) => {
    const chosen = choice.template ?? DEFAULT_TEMPLATE;
    for (const { key, template: owner, isSet } of OWNERS) {
      if (!isSet(choice)) continue;
      if (choice.credential !== undefined) {
        fail(
          context,
          'is given beside `credential`, which says the same',
          `Remove \`${key}\` or \`credential\`.`,
          [key],
        );
      }
      if (owner === chosen) continue;
      fail(
        context,
        `is only for template \`${owner}\`, but this one is \`${chosen}\``,
        `Write \`template: ${owner}\`, or remove \`${key}\`.`,
        [key],
      );
    }
  })
  .transform((choice): ProviderChoice => {
    const { command: configured, dockerfile } = choice;
    const chosen = credentialOf(choice);
    return {
      template: choice.template ?? DEFAULT_TEMPLATE,
      ...(configured === undefined ? {} : { command: configured }),
      ...(dockerfile ? { dockerfile } : {}),
      ...(chosen === undefined ? {} : { credential: chosen }),
      mcpServers: choice.mcp_servers ?? {},
    };
  });

function credentialOf(choice: Fields): ProviderChoice['credential'] {
  if (choice.auth_token) return { kind: 'oauth_token', tokenRef: choice.auth_token };
  if (choice.forward_host_credentials) return { kind: 'chatgpt' };
  if (choice.credential === undefined) return undefined;
  const { kind, token_ref } = choice.credential;
  return { kind, ...(token_ref === undefined ? {} : { tokenRef: token_ref }) };
}

export const defaultProvider: ProviderChoice = { template: DEFAULT_TEMPLATE, mcpServers: {} };
