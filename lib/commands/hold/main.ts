// The process that holds a detached session. `detach.ts` starts it; its output is a log file.
import { once } from 'node:events';
import { line } from '../../terminal/output.ts';
import { runScript } from '../../terminal/run-script.ts';
import { hold } from './hold.ts';
import { holdRequest, STARTED } from './hold-request.ts';

await runScript(async ({ signal }) => {
  const [message] = await once(process, 'message');
  return hold(holdRequest.parse(message), {
    signal,
    say: line,
    started: () => void process.send?.(STARTED),
  });
});
