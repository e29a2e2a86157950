// Prompts as a launch does for `PIN: ?What is the PIN`, and prints the answer that phases would inherit.
import { askPrompted } from '../../lib/commands/up/ask-prompted.ts';
import { runScript } from '../../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const prompted = { PIN: 'What is the PIN' };
  await askPrompted({ environment: { literals: {}, forwarded: {}, files: {}, prompted } }, signal);
  const answer = Buffer.from(process.env.BOT_BOTTLE_PROMPTED_PIN ?? '').toString('base64');
  process.stdout.write(`answer=${answer};\n`);
  return 0;
});
