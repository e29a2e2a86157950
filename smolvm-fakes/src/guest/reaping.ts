/**
 * Perl shared by the two reapers. Both run `runc exec --detach` and adopt the guest process that it leaves
 * behind, `$guest`. `$prctl` is the number of that system call; runc writes the pid to `$pidfile`.
 */

/** On SIGTERM, kills the guest process and its group, at once or as soon as its pid is known. */
export const END_GUEST = String.raw`my ($guest, $dying) = (0, 0);
sub end_guest { $dying = 1; kill('KILL', -$guest, $guest) if $guest }
$SIG{TERM} = \&end_guest;`;

/** Makes our orphans our children, and sends us SIGTERM when our parent dies. */
export const ADOPT_ORPHANS = String.raw`syscall($prctl + 0, 36, 1, 0, 0, 0) == 0 or die "prctl: $!\n";
syscall($prctl + 0, 1, 15, 0, 0, 0) == 0 or die "prctl: $!\n";`;

/** Reads the pid of the process that runc left behind. */
export const FIND_GUEST = String.raw`open(my $file, '<', $pidfile) or die "$pidfile: $!\n";
chomp($guest = <$file>);
close $file;
unlink $pidfile;
end_guest() if $dying;`;

/** Waits for the guest process and reports its real wait status on file descriptor 4 as `EXIT SIGNAL`. */
export const REPORT_STATUS = String.raw`while (1) {
  my $ended = waitpid($guest, 0);
  last if $ended == $guest;
  exit 1 if $ended == -1 && !$!{EINTR};
}
my ($code, $signal) = ($? >> 8, $? & 127);
open(my $report, '>&=', 4) or exit 1;
print $report "$code $signal\n";
close $report;`;
