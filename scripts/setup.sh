#!/bin/sh
# Links `node_modules/.kit/bin/node` to Node 24 or newer and installs the npm packages of the lock file.
# Prints nothing when that is already done. Runs under any POSIX shell, including bash 3.2.
set -u

NODE_FLOOR=24
# npm has not every version for every system: a test looks these up. That of Linux is also in lib/docker/stand-ins/pins.ts.
case $(uname -s) in
  Darwin) NODE_PIN=26.10.0 ;;
  *) NODE_PIN=24.21.0 ;;
esac

cd "$(dirname "$0")/.." || exit 70
kit=node_modules/.kit

packages_ready() { [ -f "$kit/ready" ] && ! [ package-lock.json -nt "$kit/ready" ]; }
if [ -x "$kit/bin/node" ] && packages_ready; then exit 0; fi

case ${XDG_CACHE_HOME-} in
  /*) cache=$XDG_CACHE_HOME/bot-bottle ;;
  *) cache=${HOME:?}/.cache/bot-bottle ;;
esac
cache=${BOT_BOTTLE_CACHE:-$cache}
scratch=$cache/setup-$$
log=$scratch/npm.log

say() { echo "setup: $*" >&2; }

# fail MESSAGE HINT: exits with the code of a failed preflight.
fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 69
}

clean() { rm -rf "$scratch"; }
# npm gets the terminal's Ctrl-C itself; unfinished work is only ever in the scratch directory.
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# For networks that inspect TLS: npm and Node read one variable, most other programs the other.
if [ -z "${NODE_EXTRA_CA_CERTS-}" ] && [ -n "${SSL_CERT_FILE-}" ]; then
  NODE_EXTRA_CA_CERTS=$SSL_CERT_FILE
  export NODE_EXTRA_CA_CERTS
fi

# is_new_enough PROGRAM: succeeds if it runs here and is a Node of at least the required version.
is_new_enough() {
  major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  [ "$major" -ge "$NODE_FLOOR" ] 2>/dev/null
}

# explain WHAT: exits with the cause of failure found in the log.
explain() {
  grep -v -i -e '^npm warn' -e '^npm error *$' -e 'complete log of this run' "$log" | tail -n 8 >&2
  if grep -q -i -e ENOSPC -e 'no space left' "$log"; then
    fail "the disk is full: $1 could not be installed" 'Free some space, then try again.'
  elif grep -q -e EAI_AGAIN -e ENOTFOUND -e ECONNREFUSED -e ECONNRESET -e ETIMEDOUT -e EHOSTUNREACH \
    -e ENETUNREACH "$log"; then
    fail "the npm registry cannot be reached: $1 could not be installed" \
      'Check the network, and the proxy and registry settings (`npm config ls`).'
  elif grep -q -i -e SELF_SIGNED -e UNABLE_TO_ -e certificate "$log"; then
    fail "the npm registry's certificate is not trusted: $1 could not be installed" \
      'Where the network inspects TLS, set NODE_EXTRA_CA_CERTS to its CA file.'
  fi
  case $1 in
    *Node*) fail "npm could not install $1 for $(uname -sm)" \
      "Install it yourself: \`brew install node\`, \`nvm install $NODE_FLOOR\`, or https://nodejs.org/." ;;
  esac
  fail "npm could not install $1" 'The output of npm is above.'
}

# run_npm WHAT DIRECTORY ARGUMENTS...: runs npm, silent unless it fails.
run_npm() {
  what=$1 where=$2
  shift 2
  (cd "$where" && npm "$@" --no-audit --no-fund --no-update-notifier) >"$log" 2>&1 </dev/null || explain "$what"
}

# Sets `node` to an absolute path.
find_node() {
  node=$(command -v node) || node=
  # What it leads to: our own link, which make has first on its PATH, goes away with the packages, and the shim of a
  # version manager is another Node in each project.
  [ -n "$node" ] && is_new_enough "$node" && node=$("$node" -p process.execPath) && is_new_enough "$node" && return 0
  folder=$cache/node-$NODE_PIN
  node=$folder/node_modules/node/bin/node
  is_new_enough "$node" && return 0
  say "Node $NODE_FLOOR or newer was not found: installing Node $NODE_PIN from npm"
  mkdir "$scratch/node" && echo '{"private":true}' >"$scratch/node/package.json" || exit 70
  # The package's install script picks the build for this system. It is run explicitly, since npm may be
  # configured not to run scripts.
  run_npm "Node $NODE_PIN" "$scratch/node" install --ignore-scripts --save-exact "node@$NODE_PIN"
  package=$scratch/node/node_modules/node
  (cd "$package" && node installArchSpecificPackage.js) >"$log" 2>&1 </dev/null
  is_new_enough "$package/bin/node" || explain "a working Node $NODE_PIN"
  # The rename is atomic; a concurrent run that comes second finds the directory in place.
  if ! is_new_enough "$node"; then
    [ ! -e "$folder" ] || mv "$folder" "$scratch/broken"
    mv "$scratch/node" "$folder" 2>/dev/null
  fi
  is_new_enough "$node" || fail "the Node in $folder does not run" 'Remove that directory, then try again.'
}

command -v npm >/dev/null 2>&1 ||
  fail 'npm is not on the PATH' 'Install Node 24 with npm: https://nodejs.org/ (on Debian: apt-get install npm)'
mkdir -p "$scratch" || fail "$cache cannot be written" 'Set BOT_BOTTLE_CACHE to a writable directory.'

# Two runs must not install into the same node_modules at once. A parent process, `with-lock.ts`, holds the
# lock, since only Node can take one on every system that ends with its process.
if [ "${1-}" != --locked ]; then
  find_node
  name=setup-$(pwd -P | cksum | cut -d ' ' -f 1)
  "$node" scripts/with-lock.ts "$cache/locks/$name.lock" sh scripts/setup.sh --locked "$node"
  exit
fi

node=$2
PATH=$(dirname "$node"):$PATH
export PATH
if ! packages_ready; then
  say 'installing the npm packages of package-lock.json'
  run_npm 'the npm packages' . ci
fi
mkdir -p "$kit/bin" && ln -sfn "$node" "$kit/bin/node" && touch "$kit/ready" ||
  fail "$kit cannot be written" 'Check who owns the checkout.'
