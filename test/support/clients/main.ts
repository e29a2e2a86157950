// Web servers and package registries with one tiny package each, as far as clients ask: node main.mjs DIRECTORY
// See `stand-in.ts` for what it is given and what it writes.
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { gzipSync } from 'node:zlib';

const [directory = '.'] = process.argv.slice(2);

const sum = (algorithm: string, content: string | Buffer, encoding: 'hex' | 'base64' = 'hex') =>
  createHash(algorithm).update(content).digest(encoding);

/** A tar archive with regular files, in the format of POSIX (ustar). */
function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).map(([name, text]) => {
    const header = Buffer.alloc(512);
    const fields = {
      0: name,
      100: '0000644',
      124: text.length.toString(8).padStart(11, '0'),
      148: '        ',
    };
    for (const [at, field] of Object.entries({ ...fields, 156: '0', 257: 'ustar\0' + '00' })) {
      header.write(field, Number(at), 'latin1');
    }
    const checksum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return Buffer.concat([header, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const manifest = { name: 'tiny', version: '1.0.0', main: 'main.js' };
const tarball = gzipSync(
  tarOf({
    'package/package.json': JSON.stringify(manifest),
    'package/main.js': 'module.exports = "it works";\n',
  }),
);
const dist = {
  tarball: 'https://registry.npmjs.org/tiny/-/tiny-1.0.0.tgz',
  shasum: sum('sha1', tarball),
  integrity: `sha512-${sum('sha512', tarball, 'base64')}`,
};
const packument = JSON.stringify({
  name: 'tiny',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { ...manifest, dist } },
  time: { '1.0.0': '2020-01-01T00:00:00.000Z' },
});
const crate = { name: 'tiny', vers: '1.0.0', deps: [], cksum: '0'.repeat(64), features: {}, yanked: false };
const wheel = 'tiny-1.0.0-py3-none-any.whl';
const metadata = 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0.0\n';
const link = `<a href="https://files.pythonhosted.org/${wheel}" data-core-metadata="sha256=${sum('sha256', metadata)}">${wheel}</a>`;
const pom =
  '<project><modelVersion>4.0.0</modelVersion><groupId>example</groupId><artifactId>tiny</artifactId><version>1</version><packaging>pom</packaging></project>';
const deb =
  'Package: tiny\nVersion: 1.0.0\nArchitecture: all\nFilename: tiny.deb\nSize: 1\nDescription: it works\n\n';
const release = `Origin: tiny\nDate: Wed, 01 Jan 2025 00:00:00 UTC\nSHA256:\n ${sum('sha256', deb)} ${deb.length} main/binary-amd64/Packages\n`;
/** The refs of a repository, in lines that begin with their length. */
const refs = ['# service=git-upload-pack\n', '', `${'1'.repeat(40)} refs/heads/main\0agent=tiny\n`, '']
  .map((line) => (line === '' ? '0000' : (line.length + 4).toString(16).padStart(4, '0') + line))
  .join('');

const ANSWERS: Readonly<Record<string, string | Buffer>> = {
  'web.example.com/': 'it works\n',
  'git.example.com/tiny.git/info/refs': refs,
  'registry.npmjs.org/tiny': packument,
  'registry.npmjs.org/tiny/-/tiny-1.0.0.tgz': tarball,
  'registry.yarnpkg.com/tiny': packument,
  'registry.yarnpkg.com/tiny/-/tiny-1.0.0.tgz': tarball,
  'pypi.org/simple/tiny/': `<!DOCTYPE html><html><body>${link}</body></html>`,
  [`files.pythonhosted.org/${wheel}.metadata`]: metadata,
  'index.crates.io/config.json': JSON.stringify({ dl: 'https://static.crates.io/crates' }),
  'index.crates.io/ti/ny/tiny': `${JSON.stringify(crate)}\n`,
  'proxy.golang.org/example.com/tiny/@v/list': 'v1.0.0\n',
  'proxy.golang.org/example.com/tiny/@v/v1.0.0.info': JSON.stringify({
    Version: 'v1.0.0',
    Time: '2020-01-01T00:00:00Z',
  }),
  'proxy.golang.org/example.com/tiny/@v/v1.0.0.mod': 'module example.com/tiny\n',
  'repo.maven.apache.org/maven2/example/tiny/1/tiny-1.pom': pom,
  'deb.debian.org/debian/dists/tiny/Release': release,
  'deb.debian.org/debian/dists/tiny/main/binary-amd64/Packages': deb,
};

function typeOf(name: string): string {
  if (name.endsWith('info/refs')) return 'application/x-git-upload-pack-advertisement';
  if (name.startsWith('pypi.org')) return 'text/html';
  return name.startsWith('registry.') ? 'application/json' : 'application/octet-stream';
}

const pem = readFileSync(`${directory}/leaf.pem`);
const server = createServer({ cert: pem, key: pem }, (request, response) => {
  const { host = '', 'user-agent': program = '' } = request.headers;
  const name = `${host.replace(/:443$/, '')}${(request.url ?? '').split('?')[0]}`;
  appendFileSync(`${directory}/requests.jsonl`, `${JSON.stringify({ name, program })}\n`);
  const answer = ANSWERS[name];
  if (answer === undefined) response.writeHead(404).end('not found\n');
  else response.writeHead(200, { 'content-type': typeOf(name) }).end(answer);
});
server.listen(443, '0.0.0.0', () => console.log('listening'));
