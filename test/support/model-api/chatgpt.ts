import type { Json } from './turn.ts';

/** Returns what ChatGPT says of an account; Codex takes no turn without it. */
export function accountCheck(account: string | string[] | undefined): Json {
  const id = String(account);
  const entry = {
    ...{ id, name: null, structure: 'personal', plan_type: 'pro', profile_picture_url: null },
    ...{ is_deactivated: false, workspace_backend_origin: 'https://chatgpt.com' },
    account_routing_override: 'NO_CONSTRAINT',
  };
  return { accounts: [entry], default_account_id: id, account_ordering: [id] };
}
