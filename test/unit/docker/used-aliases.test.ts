import { afterEach, beforeEach, expect, it } from 'vitest';
import { usedAliases } from '../../../lib/docker/used-aliases.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;

beforeEach(() => {
  machine = makeMachine();
  const network = (name: string, alias: string) => ({
    ...{ Name: name, Id: name, Created: '', IPAM: { Config: [] } },
    Labels: { 'bot-bottle.kind': 'network', 'bot-bottle.alias': alias },
  });
  const networks = [network('mine', '127.0.0.16'), network('theirs', '127.0.0.17')];
  machine.program(
    'docker',
    `case "$1 $2" in
      'network ls') echo one ;;
      'network inspect') echo '${JSON.stringify(networks)}' ;;
      ps*) echo '127.0.0.16:32768->9099/tcp, 127.0.0.18:80->80/tcp' ;;
    esac`,
  );
});
afterEach(() => machine.remove());

it('usedAliases includes aliases of networks and of published ports', async () => {
  expect([...(await usedAliases())].toSorted()).toEqual(['127.0.0.16', '127.0.0.17', '127.0.0.18']);
});

it('usedAliases excludes the bottle’s own alias, even if its bundle is published there', async () => {
  expect([...(await usedAliases('mine'))].toSorted()).toEqual(['127.0.0.17', '127.0.0.18']);
});
