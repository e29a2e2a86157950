import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { shellWord } from '../../../../lib/guest/shell-script.ts';
import { type HostAttack, once } from './host-attack.ts';
import { asAgent } from './names-attacks.ts';
import type { AttackedBottle } from './scene.ts';

/**
 * What is planted, each with a command that leaves its name on whichever machine it runs: `$(plant NAME)` is that command, for a
 * shell. Each is triggered by the agent's own git or shell first, which shows that it works.
 */
const PLANTS: readonly (readonly [name: string, what: string])[] = [
  ['fsmonitor', 'a monitor of files (core.fsmonitor)'],
  ['hook', 'hooks of the workspace (.git/hooks)'],
  ['hooks-path', 'hooks that are committed (core.hooksPath)'],
  ['clean', 'a filter of what is added (filter.clean)'],
  ['smudge', 'a filter of what is checked out (filter.smudge)'],
  ['textconv', 'a program that makes text of files (diff.textconv)'],
  ['external', 'a program that shows differences (diff.external)'],
  ['merge', 'a merge driver (merge.driver)'],
  ['ssh', 'a program in place of ssh (core.sshCommand)'],
  ['askpass', 'a program that asks for passwords (core.askPass)'],
  ['credential', 'a helper of credentials (credential.helper)'],
  ['pager', 'a pager (core.pager)'],
  ['editor', 'an editor (core.editor)'],
  ['gpg', 'a program that signs (gpg.program)'],
  ['alias', 'an alias of a command of git'],
  ['include', 'a configuration of the home, included (include.path)'],
  ['path', 'programs in the home, first in the PATH of its shells'],
  ['profile', 'start-up files of shells (.profile, .bashrc)'],
  ['upload-pack', 'a program in place of upload-pack (remote.uploadpack)'],
];

/** The command of a plant: on the host it finds the directory, in the guest it does not. */
const commandOf = (plants: string, name: string) =>
  `sh -c 'if [ -d ${plants} ]; then echo ${name} >> ${plants}/ran; elif [ $(/usr/bin/id -u) = 0 ]; then echo ${name} >> /home/node/as-root; else echo ${name} >> /home/node/as-agent; fi'`;

/** Shell script of the agent: plants each command, and triggers it. Prints what has run so far. */
function script(plants: string): string {
  const command = (name: string, more = '') => shellWord(`${commandOf(plants, name)}${more}`);
  const file = (name: string, path: string, more = '') =>
    `printf '%s\\n' '#!/bin/sh' ${command(name)} ${shellWord(more)} > ${path}; chmod 755 ${path}`;
  const credential = "printf 'protocol=https\\nhost=other.example\\n\\n'";
  return `exec 3>&1 > /dev/null
cd ~/workspace
git config user.name a; git config user.email a@b
printf '*.txt diff=planted filter=planted merge=planted\\n' > .gitattributes
mkdir -p .git/hooks .githooks ~/bin
for name in post-checkout post-index-change; do
  ${file('hook', '.git/hooks/$name')}; ${file('hooks-path', '.githooks/$name')}
done
git add -A; git commit -qm planted
git config filter.planted.clean ${command('clean', '; cat')}
git config filter.planted.smudge ${command('smudge', '; cat')}
echo x >> two.txt; git commit -qam filtered; rm two.txt; git checkout -q two.txt
git config diff.planted.textconv ${command('textconv', '; cat')}; git show HEAD
echo y >> two.txt; git config diff.external ${command('external')}; git diff; git checkout -q two.txt
git config merge.planted.driver ${command('merge')}
git checkout -qb planted HEAD~; echo z >> two.txt; git commit -qam other
git checkout -q main; git merge -q planted -m merged || git merge --abort
git config core.sshCommand ${command('ssh')}; git ls-remote ssh://git@other.example/x || :
${file('askpass', '~/askpass')}; git config core.askPass ~/askpass; ${credential} | git credential fill || :
git config credential.helper ${shellWord(`!${commandOf(plants, 'credential')}`)}; ${credential} | git credential fill || :
git config core.pager ${command('pager')}; script -qec 'git log' /dev/null < /dev/null
git config core.editor ${command('editor')}; git commit -q --amend || :
${file('gpg', '~/gpg')}; git config gpg.program ~/gpg; git commit -qS --allow-empty -m signed || :
git config alias.st ${shellWord(`!${commandOf(plants, 'alias')}`)}; git st
git config --file ~/included alias.included ${shellWord(`!${commandOf(plants, 'include')}`)}
git config --global include.path ~/included; git included
git config remote.planted.url ~/workspace
git config remote.planted.uploadpack ${command('upload-pack')}; git ls-remote planted || :
${file('path', '~/bin/planted', 'PATH=/usr/local/bin:/usr/bin:/bin exec "$(basename "$0")" "$@"')}
for name in git sh tar cat node; do ln -s planted ~/bin/$name; done
PATH=$HOME/bin:$PATH /bin/sh -c 'cat /dev/null'
for name in .profile .bashrc .bash_profile; do printf '%s\\n' ${command('profile')} > ~/$name; done
/bin/bash -lc true
git config core.hooksPath .githooks; git checkout -q planted; git checkout -q main
git config core.fsmonitor ${command('fsmonitor')}; git status
git config commit.gpgsign true
# Where the kit writes.
for name in .bot-bottle-gitconfig .bot-bottle-prompt.txt; do ln -sf /etc/passwd ~/$name; done
/bin/cat ~/as-agent /etc/passwd >&3`;
}

/** Plants all that, lets the kit work with the workspace, and looks at where what ran. */
const planted = once(async (bottle: AttackedBottle) => {
  const { user, slug, plants } = bottle;
  const made = await asAgent(bottle, script(plants));
  const run = (name: string, ...args: string[]) => user.run(name, ['--bottle', slug, ...args]);
  const fetched = await run('fetch');
  await run('diff');
  await run('apply', '--yes');
  // As root, in the guest.
  const again = await run('provision', '--force');
  // A control, run as root in the guest and on the host, where it must be heard.
  const command = commandOf(plants, 'control');
  const machine = ['machine', 'exec', '--name', `bot-bottle-${slug}`, '--', '/bin/sh', '-c'];
  const options = { env: user.env, extendEnv: false };
  const asRoot = await execa(
    user.smolvm,
    [...machine, `${command}; cat /home/node/as-root /etc/passwd`],
    options,
  );
  await execa('/bin/sh', ['-c', command]);
  const ends = [made, fetched, again].map(({ exitCode, stderr }) => `${exitCode} ${stderr.slice(-200)}`);
  const passwd = (text: string) => text.slice(text.indexOf('root:'));
  return {
    passwdIsKept: passwd(made.stdout).includes('node:') && passwd(made.stdout) === passwd(asRoot.stdout),
    asAgent: made.stdout.split('\n'),
    asRoot: asRoot.stdout.split('\n'),
    onHost: readFileSync(join(plants, 'ran'), 'utf8').split('\n'),
    outcome: `planted ${ends[0]}, fetched ${ends[1]}, provisioned ${ends[2]}`,
  };
});

/** Nothing here depends on the tier. */
const WHERE = { as: 'host', tiers: ['alias'] } as const;

export const PLANTED: readonly HostAttack[] = [
  ...PLANTS.map(
    ([name, what]): HostAttack => ({
      name: `planted: ${what}`,
      ...WHERE,
      meets: /ran as the agent alone/,
      async run(bottle) {
        const ran = await planted(bottle);
        if (ran.onHost.includes(name)) return 'ran on the host';
        if (ran.asRoot.includes(name)) return 'ran as root';
        return ran.asAgent.includes(name) ? 'ran as the agent alone' : `never ran: ${ran.outcome}`;
      },
    }),
  ),
  {
    name: 'control: what is planted would be heard as root and on the host',
    ...WHERE,
    meets: /as root, on the host/,
    async run(bottle) {
      const { asRoot, onHost } = await planted(bottle);
      return `${asRoot.includes('control') ? 'as root' : 'not as root'}, ${onHost.includes('control') ? 'on the host' : 'not on the host'}`;
    },
  },
  {
    name: 'planted: links to a file of root’s, where the kit writes into the home',
    ...WHERE,
    meets: /the file is as before/,
    run: async (bottle) =>
      (await planted(bottle)).passwdIsKept ? 'the file is as before' : 'the file has changed',
  },
  {
    name: 'planted: all of it is brought home, and the guest is provisioned again',
    ...WHERE,
    meets: /planted 0 .*, fetched 0 .*, provisioned 0 .*/s,
    run: async (bottle) => (await planted(bottle)).outcome,
  },
  {
    name: 'planted: a submodule whose URL is a program (ext::)',
    ...WHERE,
    meets: /refused: .*gitmodules.*/is,
    async run(bottle) {
      await planted(bottle);
      const { user, slug } = bottle;
      const made = await asAgent(
        bottle,
        `cd ~/workspace; export HOME=/tmp; git config core.hooksPath /nowhere; git config commit.gpgsign false
printf '[submodule "x"]\\n\\tpath = -u./x\\n\\turl = -u./payload\\n\\tupdate = !id\\n' > .gitmodules
git add -f .gitmodules; git commit -qm submodule -- .gitmodules`,
      );
      const fetched = await user.run('fetch', ['--bottle', slug]);
      return fetched.exitCode === 0
        ? `fetched (${made.stderr})`
        : `refused: ${fetched.stderr.replaceAll('\n', ' ')}`;
    },
  },
];
