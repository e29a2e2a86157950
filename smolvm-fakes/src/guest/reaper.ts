import { ADOPT_ORPHANS, END_GUEST, FIND_GUEST, REPORT_STATUS } from './reaping.ts';

/**
 * Runs `runc exec --detach`, waits for the guest process that it leaves behind, and reports that process's
 * real wait status on file descriptor 4 as `EXIT SIGNAL`. runc itself combines the two into one number (128 +
 * signal); smolvm does not. Adopting the orphan takes the subreaper option of prctl(2), which Node cannot
 * call, so this is Perl, which every Debian has. SIGTERM kills the guest process and its group; so does the
 * death of our parent.
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

/**
 * System call numbers for this host's architecture. @throws Error on an architecture without known numbers.
 */
export function systemCalls(): { prctl: string; recvmsg: string } {
  if (process.arch === 'x64') return { prctl: '157', recvmsg: '47' };
  if (process.arch === 'arm64') return { prctl: '167', recvmsg: '212' };
  throw new Error(`the fake smolvm does not know the ${process.arch} architecture`);
}
