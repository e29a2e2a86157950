import { ADOPT_ORPHANS, END_GUEST, FIND_GUEST, REPORT_STATUS } from './reaping.ts';

/**
 * Runs `runc exec --detach`, then waits for the guest process that it leaves behind, and reports its true wait
 * status on file descriptor 4 as `EXIT SIGNAL`. runc by itself makes one number of the two (128 + signal), which
 * smolvm does not. Adopting the orphan takes the `subreaper` switch of prctl(2), so this is Perl, which is on every
 * Debian; Node cannot call it. A SIGTERM kills the guest process and its group; so does the death of our parent.
 *
 * Arguments: number of prctl, pid file, command...
 */
export const REAPER = String.raw`
use strict;
my ($prctl, $pidfile, @command) = @ARGV;
${END_GUEST}
$SIG{HUP} = $SIG{INT} = 'IGNORE';
${ADOPT_ORPHANS}
my $runc = fork();
defined $runc or die "fork: $!\n";
if ($runc == 0) {
  $SIG{HUP} = $SIG{INT} = $SIG{TERM} = 'DEFAULT';
  open(my $report, '>&=', 4);
  close $report;
  exec { $command[0] } @command or die "$command[0]: $!\n";
}
1 while waitpid($runc, 0) == -1 && $!{EINTR};
exit 1 if $?;
${FIND_GUEST}
close STDIN; close STDOUT; close STDERR;
${REPORT_STATUS}
`;

/** Numbers of system calls on this machine. @throws Error on an architecture that nobody looked them up for. */
export function systemCalls(): { prctl: string; recvmsg: string } {
  if (process.arch === 'x64') return { prctl: '157', recvmsg: '47' };
  if (process.arch === 'arm64') return { prctl: '167', recvmsg: '212' };
  throw new Error(`the fake smolvm does not know the ${process.arch} architecture`);
}
