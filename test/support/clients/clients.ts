/** A program that makes one request from a bottle. */
export interface Client {
  name: string;
  /** For a POSIX shell, in an empty directory. */
  script: string;
  /** What it prints if it has understood the answer. */
  prints: RegExp;
  /** The host and path that upstream must have been asked for. */
  asks: string;
  /** Whether it is only in the big image. */
  heavy?: true;
}

const WEB = 'https://web.example.com/';
const web = (name: string, script: string): Client => ({
  name,
  script,
  prints: /^it works$/m,
  asks: 'web.example.com/',
});
/** A package manager of JavaScript that installs a package. */
const npm = (name: string, install: string, registry = 'registry.npmjs.org'): Client => ({
  name,
  script: `echo '{}' > package.json; ${install} && node -p 'require("tiny")'`,
  prints: /^it works$/m,
  asks: `${registry}/tiny`,
});
const java = (name: string, request: string): Client => ({
  ...web(
    name,
    `cat > Get.java <<'END'
import java.net.*; import java.net.http.*;
class Get { public static void main(String[] a) throws Exception { System.out.print(${request}); } }
END
java Get.java`,
  ),
  heavy: true,
});

export const CLIENTS: readonly Client[] = [
  web('curl', `curl -sS ${WEB}`),
  web('wget', `wget -nv -O - ${WEB}`),
  web('Node’s fetch', `node -e 'fetch("${WEB}").then((r) => r.text()).then(console.log)'`),
  web('Node’s https', `node -e 'require("https").get("${WEB}", (r) => r.pipe(process.stdout))'`),
  web(
    'Python’s urllib',
    `python3 -c 'import urllib.request as u; print(u.urlopen("${WEB}").read().decode())'`,
  ),
  web('requests', `python3 -c 'import requests; print(requests.get("${WEB}").text)'`),
  web('httpx', `python3 -c 'import httpx; print(httpx.get("${WEB}").text)'`),
  web('Deno’s fetch', `deno eval 'console.log(await (await fetch("${WEB}")).text())'`),
  web('Bun’s fetch', `bun -e 'console.log(await (await fetch("${WEB}")).text())'`),
  {
    name: 'git',
    script: 'git ls-remote https://git.example.com/tiny.git',
    prints: /^1{40}\trefs\/heads\/main$/m,
    asks: 'git.example.com/tiny.git/info/refs',
  },
  npm('npm', 'npm install tiny'),
  npm('pnpm', 'pnpm add tiny'),
  npm('yarn 1', 'node /opt/clients/node_modules/yarn/bin/yarn.js add tiny', 'registry.yarnpkg.com'),
  npm(
    'yarn 4',
    'touch yarn.lock; echo "nodeLinker: node-modules" > .yarnrc.yml; node /opt/clients/node_modules/@yarnpkg/cli-dist/bin/yarn.js add tiny',
    'registry.yarnpkg.com',
  ),
  npm('Bun’s package manager', 'bun add tiny'),
  {
    ...npm('Deno’s packages', ''),
    script: `deno eval 'import tiny from "npm:tiny"; console.log(tiny)'`,
  },
  {
    name: 'pip',
    script: 'pip index versions tiny',
    prints: /tiny \(1\.0\.0\)/,
    asks: 'pypi.org/simple/tiny/',
  },
  {
    name: 'uv',
    script: 'command -v uv > /dev/null || exit 75; echo tiny > in; uv pip compile in',
    prints: /^tiny==1\.0\.0$/m,
    asks: 'files.pythonhosted.org/tiny-1.0.0-py3-none-any.whl.metadata',
  },
  {
    name: 'apt',
    script: `echo 'deb [trusted=yes arch=amd64] https://deb.debian.org/debian tiny main' > sources; mkdir -p lists/partial cache/archives/partial
set -- -o Dir::Etc::sourcelist=$PWD/sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$PWD/lists -o Dir::Cache=$PWD/cache
apt-get "$@" update && apt-cache "$@" show tiny`,
    prints: /^Description: it works$/m,
    asks: 'deb.debian.org/debian/dists/tiny/main/binary-amd64/Packages',
  },
  {
    name: 'cargo',
    script:
      'cargo init --name x . && echo \'tiny = "1"\' >> Cargo.toml && cargo generate-lockfile && cat Cargo.lock',
    prints: /^name = "tiny"$/m,
    asks: 'index.crates.io/ti/ny/tiny',
    heavy: true,
  },
  {
    name: 'go',
    // The checksum database signs what it says, so that no stand-in can play it.
    script: 'go mod init example.com/x && GONOSUMDB=example.com go list -m -versions example.com/tiny',
    prints: /^example\.com\/tiny v1\.0\.0$/m,
    asks: 'proxy.golang.org/example.com/tiny/@v/list',
    heavy: true,
  },
  {
    ...web(
      'Go’s net/http',
      `cat > main.go <<'END'
package main
import ("io"; "net/http"; "os")
func main() { r, err := http.Get("${WEB}"); if err != nil { panic(err) }; io.Copy(os.Stdout, r.Body) }
END
go run main.go`,
    ),
    heavy: true,
  },
  {
    name: 'Maven',
    script: `cat > pom.xml <<'END'
<project><modelVersion>4.0.0</modelVersion><artifactId>x</artifactId><packaging>pom</packaging>
<parent><groupId>example</groupId><artifactId>tiny</artifactId><version>1</version></parent></project>
END
mvn --batch-mode validate`,
    prints: /BUILD SUCCESS/,
    asks: 'repo.maven.apache.org/maven2/example/tiny/1/tiny-1.pom',
    heavy: true,
  },
  java(
    'Java’s HttpClient',
    `HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("${WEB}")).build(), HttpResponse.BodyHandlers.ofString()).body()`,
  ),
  java('Java’s URL', `new String(new URL("${WEB}").openStream().readAllBytes())`),
];
