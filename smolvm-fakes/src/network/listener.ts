/**
 * Makes a listener within the network namespace of a guest, and becomes the command with it as file descriptor 3, still
 * in the host's network namespace: a socket stays in the namespace that it was made in. Only a child can enter the
 * guest's, since a user namespace has no way back into the host's, so the socket is taken from the child. Takes system
 * calls that Node cannot make, so this is Perl, which every Debian has.
 *
 * Arguments: number of setns, pid of the guest, address, port, command...
 */
export const WITH_LISTENER = String.raw`
use strict; use Socket; use POSIX ();
my ($setns, $pid, $address, $port, @command) = @ARGV;
my ($pidfd_open, $pidfd_getfd, $CLONE_NEWNET, $SOL_IP, $IP_TRANSPARENT) = (434, 438, 0x40000000, 0, 19);
pipe(my $ready, my $tell) && pipe(my $hold, my $release) or die "pipe: $!\n";
my $child = fork();
defined $child or die "fork: $!\n";
if ($child == 0) {
  close $ready; close $release;
  open(my $network, '<', "/proc/$pid/ns/net") or die "network of $pid: $!\n";
  syscall($setns + 0, fileno($network), $CLONE_NEWNET) == 0 or die "setns: $!\n";
  socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  setsockopt($listener, $SOL_IP, $IP_TRANSPARENT, 1) or die "IP_TRANSPARENT: $!\n";
  bind($listener, sockaddr_in($port, inet_aton($address))) or die "bind: $!\n";
  listen($listener, 128) or die "listen: $!\n";
  syswrite($tell, fileno($listener) . "\n");
  sysread($hold, my $nothing, 1);
  POSIX::_exit(0);
}
close $tell; close $hold;
my $number = <$ready>;
defined $number or die "no listener\n";
my $process = syscall($pidfd_open, $child, 0);
my $listener = syscall($pidfd_getfd, $process, $number + 0, 0);
$process >= 0 && $listener >= 0 or die "pidfd: $!\n";
close $ready; close $release;
waitpid($child, 0);
POSIX::dup2($listener, 3) or die "dup2: $!\n";
exec { $command[0] } @command or die "$command[0]: $!\n";
`;
