import type { Home } from './smolvm.ts';

/** Perl that runs in a guest, with arguments in @ARGV. Prints the outcome as one line. */
const TCP = `use Socket; my ($host, $port) = @ARGV; $| = 1;
socket(my $s, PF_INET, SOCK_STREAM, 0) or die; $SIG{ALRM} = sub { print "timeout"; exit }; alarm 3;
connect($s, sockaddr_in($port, inet_aton($host))) or do { print "failed: $!"; exit };
my $line = <$s>; print "got: $line";`;

const UDP = `use Socket; my ($host, $port, $text) = @ARGV; $| = 1;
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; $SIG{ALRM} = sub { print "timeout"; exit }; alarm 3;
defined send($s, $text, 0, sockaddr_in($port, inet_aton($host))) or do { print "failed: $!"; exit };
recv($s, my $answer, 99, 0); print "got: $answer";`;

/** Sends handmade Ethernet frames on the guest's link: a UDP datagram from SOURCE to each TARGET. */
const FRAMES = `use Socket; my ($source, $port, $text, @targets) = @ARGV; $| = 1;
sub sum { my $s = 0; $s += $_ for unpack 'n*', $_[0]; $s = ($s >> 16) + ($s & 65535) while $s >> 16; ~$s & 65535 }
open my $h, '<', '/sys/class/net/eth0/address' or do { print "no wire"; exit }; chomp(my $mac = <$h>); $mac =~ s/://g;
open my $i, '<', '/sys/class/net/eth0/ifindex' or die; chomp(my $index = <$i>);
socket(my $s, 17, SOCK_RAW, 0) or do { print "failed: $!"; exit };
for my $target (@targets) {
  my $udp = pack('nnnn', 5555, $port, 8 + length $text, 0) . $text;
  my $ip = pack('CCnnnCCna4a4', 69, 0, 20 + length $udp, 1, 0, 64, 17, 0, inet_aton($source), inet_aton($target));
  substr($ip, 10, 2) = pack('n', sum($ip));
  my $frame = pack('H12H12n', $mac, $mac, 0x0800) . $ip . $udp;
  my $to = pack('SnlSCCa8', 17, 0x0800, $index, 0, 0, 6, pack('H12', $mac));
  defined send($s, $frame, 0, $to) or do { print "failed: $!"; exit };
}
print "sent " . scalar @targets;`;

/** Sends ARP requests for each TARGET directly on the link; prints whether any reply arrives. */
const ARP = `use Socket; my ($own, @targets) = @ARGV; $| = 1;
open my $h, '<', '/sys/class/net/eth0/address' or do { print "no wire"; exit }; chomp(my $mac = <$h>); $mac =~ s/://g;
open my $i, '<', '/sys/class/net/eth0/ifindex' or die; chomp(my $index = <$i>);
socket(my $s, 17, SOCK_RAW, unpack('S', pack('n', 0x0806))) or do { print "failed: $!"; exit };
for my $target (@targets) {
  my $arp = pack('nnCCnH12a4H12a4', 1, 0x0800, 6, 4, 1, $mac, inet_aton($own), '0' x 12, inet_aton($target));
  my $frame = pack('H12H12n', 'f' x 12, $mac, 0x0806) . $arp;
  defined send($s, $frame, 0, pack('SnlSCCa8', 17, 0x0806, $index, 0, 0, 6, pack('H12', 'f' x 12))) or die;
}
$SIG{ALRM} = sub { print "silence"; exit }; alarm 2;
while (1) { recv($s, my $in, 1500, 0); my $op = unpack 'x20n', $in; if ($op == 2) { print "answer"; exit } }`;

async function perl(home: Home, machine: string, program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await home.exec(machine, 'perl', '-e', program, ...args);
  return stdout + stderr;
}

/** Opens a TCP connection from the guest. @returns `got: …`, `failed: …` or `timeout`. */
export const tcp = (home: Home, machine: string, host: string, port: number) =>
  perl(home, machine, TCP, host, String(port));

/** Sends a datagram from the guest and waits for the reply. @returns `got: …`, `failed: …` or `timeout`. */
export const udp = (home: Home, machine: string, host: string, port: number, text: string) =>
  perl(home, machine, UDP, host, String(port), text);

export const frames = (
  home: Home,
  machine: string,
  source: string,
  port: number,
  text: string,
  targets: string[],
) => perl(home, machine, FRAMES, source, String(port), text, ...targets);

export const arp = (home: Home, machine: string, own: string, targets: string[]) =>
  perl(home, machine, ARP, own, ...targets);

/** The address of the guest's own link, as the guest's kernel lists it. */
export async function guestAddress(home: Home, machine: string): Promise<string> {
  const { stdout } = await home.exec(machine, 'cat', '/proc/net/fib_trie');
  return /\|-- (100\.96\.\d+\.\d+)\n\s+\/32 host LOCAL/.exec(stdout)?.[1] ?? '';
}
