import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureBaseImage } from '../../../../lib/docker/base-images.ts';
import { testAuthority } from '../../egress/authority.ts';
import { leafOf } from '../../leaf.ts';

const IMAGE = 'bot-bottle-test/git-upstream';
const FIRST_COMMIT =
  'echo hello > README; git add .; git -c user.name=Ada -c user.email=ada@example.com commit -qm first';

/** A forge with sshd, and by HTTPS, in a container on a network of its own. Its host name resolves nowhere. */
export class GitUpstream {
  readonly host = 'git.upstream.test';
  readonly port = 2222;
  readonly httpsPort = 8443;
  /** Lets in by HTTPS. */
  readonly token = `forge-${randomBytes(16).toString('hex')}`;
  readonly #name = `bk-git-upstream-${randomInt(1e9)}`;
  readonly #prefix = `44.129.${randomInt(256)}`;
  readonly #directory = mkdtempSync(join(tmpdir(), 'bk-git-upstream-'));
  /** Of the container. */
  readonly address = `${this.#prefix}.10`;
  /** On the host; the forge lets its owner in. */
  readonly keyFile = join(this.#directory, 'key');
  /** PEM file with the roots of this machine and that of the forge, for `NODE_EXTRA_CA_CERTS`. */
  readonly roots = join(this.#directory, 'roots.pem');
  /** Another pair, which is nobody's: the private key on the host, and the public one as a manifest has it. */
  readonly strangerFile = join(this.#directory, 'stranger');
  strangerKey = '';
  /** The private key's text. */
  key = '';
  /** The forge's own, as a manifest has it. */
  hostKey = '';

  /** Starts the forge with these repositories, each with one commit on `main`. */
  async start(repositories: readonly string[]): Promise<void> {
    const { reference } = await ensureBaseImage('node', { say: () => {} });
    await execa('docker', [
      ...['build', '--quiet', '--tag', IMAGE, '--build-arg', `BASE_IMAGE=${reference}`],
      import.meta.dirname,
    ]);
    const subnet = `${this.#prefix}.0/24`;
    await execa('docker', ['network', 'create', '--internal', '--subnet', subnet, this.#name]);
    await execa('docker', [
      ...['run', '--detach', '--init', '--name', this.#name],
      ...['--network', this.#name, '--ip', this.address, IMAGE],
    ]);
    this.key = await this.sh(
      'cd /home/git/.ssh; ssh-keygen -q -t ed25519 -N "" -f key; mv key.pub authorized_keys; cat key; rm key',
    );
    writeFileSync(this.keyFile, `${this.key}\n`, { mode: 0o600 });
    const [type, key] = (await this.sh('cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
    this.hostKey = `${type} ${key}`;
    const stranger = await this.sh(
      'cd /tmp; ssh-keygen -q -t ed25519 -N "" -C "" -f stranger; cat stranger.pub stranger',
    );
    const [publicKey = '', ...privateKey] = stranger.split('\n');
    this.strangerKey = publicKey.trim();
    writeFileSync(this.strangerFile, `${privateKey.join('\n')}\n`, { mode: 0o600 });
    for (const name of repositories) {
      await this.sh(`git init -q -b main /tmp/${name}; cd /tmp/${name}; ${FIRST_COMMIT}`);
      await this.sh(`git clone -q --bare /tmp/${name} /srv/git/${name}.git`);
    }
    await Promise.all([this.up(), this.#serveHttps()]);
  }

  async #serveHttps(): Promise<void> {
    const { certificate, keyPem } = testAuthority('Forge CA');
    const machine = process.env.NODE_EXTRA_CA_CERTS;
    writeFileSync(this.roots, (machine ? `${readFileSync(machine, 'utf8')}\n` : '') + certificate);
    const issuer = { certificatePem: certificate, privateKeyPem: keyPem };
    const pair = leafOf(issuer, this.host, { lifetimeMs: 3_600_000 });
    const program = ['node', '/opt/forge/serve-https.ts'];
    const options = { root: '/srv/git', port: this.httpsPort, username: 'git', token: this.token };
    const serving = execa('docker', ['exec', '--interactive', '--user', 'git', this.#name, ...program], {
      ...{ input: JSON.stringify({ ...pair, ...options }) },
      ...{ reject: false, buffer: false },
    });
    // It ends with the container.
    await once(serving.stdout, 'data');
  }

  /** Runs a shell script as the forge's user. @returns its output. */
  async sh(script: string): Promise<string> {
    return (await this.#exec('git', script)).stdout;
  }

  async up(): Promise<void> {
    await this.#exec('root', `/usr/sbin/sshd -p ${this.port} -o PidFile=/run/sshd.pid`);
  }

  /** From now on connections are refused. */
  async down(): Promise<void> {
    await this.#exec('root', 'kill "$(cat /run/sshd.pid)"; while [ -e /run/sshd.pid ]; do sleep 0.1; done');
  }

  #exec(user: string, script: string) {
    return execa('docker', ['exec', '--user', user, this.#name, '/bin/sh', '-ec', script]);
  }

  /** Lets a container that runs reach the forge. */
  async connect(container: string): Promise<void> {
    await execa('docker', ['network', 'connect', this.#name, container]);
  }

  async stop(): Promise<void> {
    await execa('docker', ['rm', '--force', this.#name], { reject: false });
    await execa('docker', ['network', 'rm', this.#name], { reject: false });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
