import { join } from 'node:path';
import { execa } from 'execa';
import { KIT } from '../../../support/kit.ts';
import { type HostAttack, judged, once } from './host-attack.ts';
import type { AttackedBottle } from './scene.ts';

/** Acts on terminals and eyes: a title, a color, a clipboard, an 8-bit control, a right-to-left override, tags. */
const HOSTILE =
  '\u001b]2;evil\u0007\u001b[31m\u001b]52;c;YQ==\u0007\u009b31m\u202egnp.exe\u2066\u200b\u{e0041}';
/** git refuses ASCII controls in names of refs. */
const HOSTILE_REF = 'evil\u009b31m\u202egnp';

/** Runs a shell script as the agent, from its standard input. */
export async function asAgent({ user, slug }: AttackedBottle, script: string, ...words: string[]) {
  const exec = [join(KIT, 'scripts', 'exec.ts'), '--bottle', slug, '--', '/bin/sh', '-es', ...words];
  return execa(process.execPath, exec, { env: user.env, extendEnv: false, reject: false, input: script });
}

/** Makes work with hostile names, in the workspace, and brings it home. */
const atHome = once(async (bottle: AttackedBottle) => {
  const { user, slug } = bottle;
  const made = await asAgent(
    bottle,
    `cd ~/workspace
printf x > "name-mark-$1"
printf 'line\\nbreak' > "$(printf 'two\\nlines-mark')"
printf x > "long-mark-$(printf '%0200d' 0)"
ln -s /etc/passwd link-mark
ln -s ../../../../../../../../etc folder-mark
printf 'content-mark %s\\n' "$1" > content.txt
git add -A
git -c user.name="author-mark $1" -c user.email=a@b commit -qm "subject-mark $1"
git branch "$2"
git tag "tag-$2"
printf 'uncommitted %s' "$1" > "wip-mark-$1"`,
    HOSTILE,
    HOSTILE_REF,
  );
  if (made.exitCode !== 0) throw new Error(made.stderr);
  const run = async (script: string, ...args: string[]) => {
    const { stdout, stderr } = await user.run(script, ['--bottle', slug, ...args]);
    return stdout + stderr;
  };
  const fetched = await run('fetch');
  const [diff, stat, json, again] = await Promise.all([
    run('diff'),
    run('diff', '--stat'),
    run('diff', '--json'),
    run('fetch', '--json'),
  ]);
  return { fetched, diff, stat, json, again };
});

/** Asks supervise for things in hostile words, as the agent, and shows what a person sees. */
const asked = once(async (bottle: AttackedBottle) => {
  const call = (tool: string, input: object) => JSON.stringify({ tool, input });
  const calls = [
    call('ask', { question: `question-mark ${HOSTILE}`, choices: [`choice ${HOSTILE}`, 'b'] }),
    call('notify', { message: `message-mark ${HOSTILE}` }),
    call('capability', { dockerfile: 'RUN echo line-mark', reason: `capability-mark ${HOSTILE}` }),
  ];
  await asAgent(
    bottle,
    `exec node --input-type=module -e "$1" "$@"`,
    `const calls = process.argv.slice(2);
await Promise.all(calls.map((text) => {
  const { tool, input } = JSON.parse(text);
  return fetch(process.env.MCP_SUPERVISE_URL, {
    method: 'POST', signal: AbortSignal.timeout(3000),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: input } }),
  }).then((answer) => answer.text()).catch(() => {});
}));`,
    ...calls,
  );
  const { user, slug } = bottle;
  const run = async (script: string, ...args: string[]) => {
    const { stdout, stderr } = await user.run(script, args);
    return stdout + stderr;
  };
  const [supervise, json, status] = await Promise.all([
    run('supervise', '--bottle', slug, '--once'),
    run('supervise', '--bottle', slug, '--once', '--json'),
    run('status'),
  ]);
  return { supervise, json, status };
});

/** Sends requests with hostile words to egress and the git gate, and shows the logs. */
const logged = once(async (bottle: AttackedBottle) => {
  await asAgent(
    bottle,
    `cat > /tmp/raw.mjs <<'END'
import { connect } from 'node:net';
const { hostname, port } = new URL(process.env.HTTPS_PROXY);
const gate = new URL(process.env.GIT_GATE_URL);
const evil = Buffer.from(${JSON.stringify(HOSTILE)}).toString('latin1');
const say = (to, text) => new Promise((resolve) => {
  const socket = connect(to, () => socket.write(Buffer.from(text, 'latin1')));
  socket.setTimeout(3000, () => socket.destroy());
  socket.resume().on('error', () => {}).on('close', resolve);
});
const proxy = { host: hostname, port: Number(port) };
await Promise.all([
  say(proxy, 'GET http://path-mark.example/' + encodeURIComponent(${JSON.stringify(HOSTILE)}) + ' HTTP/1.1\\r\\nHost: path-mark.example\\r\\nConnection: close\\r\\n\\r\\n'),
  say(proxy, 'GET http://raw-mark.example/' + evil.replaceAll(/[^\\x80-\\xff]/g, '') + ' HTTP/1.1\\r\\nHost: raw-mark.example\\r\\nConnection: close\\r\\n\\r\\n'),
  say(proxy, 'GET http://plain.example/agent-mark HTTP/1.1\\r\\nHost: plain.example\\r\\nUser-Agent: ' + evil.replaceAll(/[\\x00-\\x1f]/g, '') + '\\r\\nConnection: close\\r\\n\\r\\n'),
  say(proxy, 'CONNECT host-mark' + evil + '.example:443 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'),
  say({ host: gate.hostname, port: Number(gate.port) }, 'GET /' + evil.replaceAll(/[\\x00-\\x20]/g, '') + '.git/info/refs?service=git-receive-pack HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'),
]);
END
node /tmp/raw.mjs`,
  );
  const { user, slug } = bottle;
  const text = async (...args: string[]) => {
    const { stdout, stderr } = await user.run('logs', ['--bottle', slug, '--lines', '0', ...args]);
    return stdout + stderr;
  };
  const [log, json, daemons] = await Promise.all([text(), text('--json'), text('--daemons')]);
  return { log, json, daemons };
});

/** Nothing here depends on the tier. */
const WHERE = { as: 'host', tiers: ['socket'] } as const;

const shown = (
  name: string,
  look: (bottle: AttackedBottle) => Promise<string>,
  ...marks: string[]
): HostAttack => ({
  ...{ name: `hostile names: ${name}`, ...WHERE, meets: /shown inert/ },
  run: async (bottle) => judged(await look(bottle), ...marks),
});

export const NAMES: readonly HostAttack[] = [
  shown(
    'commits, people and refs, in what `make fetch` says',
    async (bottle) => (await atHome(bottle)).fetched,
    'subject-mark',
  ),
  shown('what was fetched, as JSON', async (bottle) => (await atHome(bottle)).again),
  shown(
    'files and their contents, in `make diff`',
    async (bottle) => (await atHome(bottle)).diff,
    'name-mark',
    'lines-mark',
    'long-mark',
    'content-mark',
    'wip-mark',
  ),
  shown(
    'files, in the list of `make diff`',
    async (bottle) => (await atHome(bottle)).stat,
    'name-mark',
    'lines-mark',
    'wip-mark',
  ),
  shown('files, in the list as JSON', async (bottle) => (await atHome(bottle)).json, 'name-mark'),
  shown(
    'questions, messages and lines, in `make supervise`',
    async (bottle) => (await asked(bottle)).supervise,
    'question-mark',
    'message-mark',
    'capability-mark',
  ),
  shown('proposals, as JSON', async (bottle) => (await asked(bottle)).json, 'question-mark'),
  shown('all of it, in `make status`', async (bottle) => (await asked(bottle)).status, 'attacker'),
  shown(
    'hosts, paths and repositories, in `make logs`',
    async (bottle) => (await logged(bottle)).log,
    'path-mark',
    'agent-mark',
  ),
  shown(
    'headers and hosts, in the log as JSON',
    async (bottle) => (await logged(bottle)).json,
    'path-mark',
    'agent-mark',
  ),
  shown('what daemons say of it', async (bottle) => (await logged(bottle)).daemons, 'egress'),
  {
    name: 'links in the work: to a file and a folder of the host, in `make diff`',
    ...WHERE,
    meets: /the link alone/,
    async run(bottle) {
      const { diff } = await atHome(bottle);
      if (!diff.includes('link-mark')) return 'no link';
      return /root:[x*]?:0:/.test(diff) ? 'what it leads to' : 'the link alone';
    },
  },
];
