/**
 * An agent that draws and reads keys, for tests of terminals. It says its size at the start and at every change, and
 * `got HEX` for what is typed. Keys with a meaning: `a` other screen, mouse and hidden cursor; `f` what must not reach a
 * terminal; `q` ends with exit code 3.
 */
const PROGRAM = String.raw`
const out = (text) => process.stdout.write(text + '\r\n');
const size = () => out('size ' + process.stdout.columns + 'x' + process.stdout.rows);
process.stdin.setRawMode(true);
process.stdout.write('\u001b]0;stolen title\u0007\u001b[?2004h');
process.stdout.on('resize', size);
size();
process.stdin.on('data', (keys) => {
  const typed = keys.toString('latin1');
  if (typed === 'a') process.stdout.write('\u001b[?1049h\u001b[?1000h\u001b[?25l\u001b[5;9r\u001b[31mother screen');
  else if (typed === 'f') out('\u001b]52;c;aGk=\u0007\u001b[21t\u001bPtmux;x\u001b\\filtered');
  else if (typed === 'q') process.exit(3);
  else out('got ' + keys.toString('hex'));
});
out(process.env.TERM + ' ' + process.env.COLORTERM);
`;

export const TYPING_AGENT = ['node', '-e', PROGRAM.replaceAll('\n', ' ').trim()];
