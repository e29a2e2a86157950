import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Home, Outcome } from './smolvm.ts';

/** A service on a Unix socket on the host. */
export interface UnixService extends AsyncDisposable {
  readonly path: string;
}

/** Serves `path` until disposal, which also removes it. */
export async function serveUnix(path: string, serve: (socket: Socket) => void): Promise<UnixService> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
      rmSync(path, { force: true });
    },
  };
}

const DIAL = `use Socket; $| = 1; my ($path, $mode, $count) = @ARGV;
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die; $SIG{ALRM} = sub { print "timeout"; exit }; $SIG{PIPE} = 'IGNORE'; alarm 20;
connect($s, sockaddr_un($path)) or do { print "failed: $!"; exit };
if ($mode eq 'upload') { my $c = 'x' x 65536; for (1 .. $count) { syswrite($s, $c) or last } shutdown($s, 1) }
if ($mode eq 'question') { syswrite $s, "question"; shutdown($s, 1) }
if ($mode eq 'slow') { sleep 2 }
my ($sum, $text) = (0, ''); while (sysread($s, my $part, 65536)) { $sum += length $part; $text = substr($text . $part, 0, 200) }
print $mode eq 'slow' || $mode eq 'download' ? "got $sum bytes" : "got: $text";`;

/** Connects to a Unix socket in the guest and prints the outcome. */
export const dial = (home: Home, machine: string, path: string, mode: string, count = 0): Promise<Outcome> =>
  home.exec(machine, 'perl', '-e', DIAL, path, mode, String(count));
