import { ADOPT_ORPHANS, END_GUEST, FIND_GUEST, REPORT_STATUS } from './reaping.ts';

/**
 * The reaper for commands on a terminal. Gets the terminal's other end from runc through a console socket, so
 * that no host terminal is in between, copies bytes both ways, and reports the command's real wait status on
 * file descriptor 4 as `EXIT SIGNAL`. End of input becomes Control-D, sent twice after an unfinished line.
 *
 * Arguments: numbers of prctl and recvmsg, pid file, socket, command...
 */
export const TERMINAL_REAPER = String.raw`
use strict; use Socket;
my ($prctl, $recvmsg, $pidfile, $path, @command) = @ARGV;
${END_GUEST}
$SIG{HUP} = $SIG{INT} = $SIG{PIPE} = 'IGNORE';
${ADOPT_ORPHANS}
socket(my $listener, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
bind($listener, sockaddr_un($path)) or die "$path: $!\n";
listen($listener, 1) or die "listen: $!\n";
my $runc = fork();
defined $runc or die "fork: $!\n";
if ($runc == 0) {
  $SIG{HUP} = $SIG{INT} = $SIG{TERM} = $SIG{PIPE} = 'DEFAULT';
  open(STDIN, '<', '/dev/null');
  open(my $report, '>&=', 4);
  close $report;
  exec { $command[0] } @command or die "$command[0]: $!\n";
}
1 while waitpid($runc, 0) == -1 && $!{EINTR};
my $failed = $?;
unlink $path;
exit 1 if $failed;
${FIND_GUEST}

accept(my $connection, $listener) or die "accept: $!\n";
my ($name, $control) = ("\0" x 512, "\0" x 64);
my $vector = pack('PQ', $name, 512);
my $message = pack('QLx4PQPQlx4', 0, 0, $vector, 1, $control, 64, 0);
my $got = syscall($recvmsg + 0, fileno($connection), $message, 0);
$got > 0 or die "recvmsg: $!\n";
my (undef, $level, $type, $descriptor) = unpack('Qlll', $control);
$level == 1 && $type == 1 or die "runc sent no terminal\n";
open(my $terminal, '+<&=', $descriptor) or die "terminal: $!\n";

sub put {
  my ($to, $bytes) = @_;
  while (length $bytes) {
    my $wrote = syswrite($to, $bytes);
    if (defined $wrote) { substr($bytes, 0, $wrote) = '' } elsif (!$!{EINTR}) { return }
  }
}
my ($input, $last) = (1, "\n");
while (1) {
  my $ready = '';
  vec($ready, fileno($terminal), 1) = 1;
  vec($ready, fileno(STDIN), 1) = 1 if $input;
  select($ready, undef, undef, undef) > 0 or next;
  if (vec($ready, fileno($terminal), 1)) {
    my $count = sysread($terminal, my $bytes, 65536);
    next if !defined $count && $!{EINTR};
    last unless $count;
    put(\*STDOUT, $bytes);
  }
  if ($input && vec($ready, fileno(STDIN), 1)) {
    my $count = sysread(STDIN, my $bytes, 4096);
    if ($count) { put($terminal, $bytes); $last = substr($bytes, -1) }
    elsif (defined $count || !$!{EINTR}) { $input = 0; put($terminal, $last eq "\n" ? "\4" : "\4\4") }
  }
}
close STDOUT; close STDERR;
${REPORT_STATUS}
`;
