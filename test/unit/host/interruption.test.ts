import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { docker } from '../../../lib/docker/cli.ts';
import { BottleError } from '../../../lib/errors.ts';
import { interruptible, interruptionOf, undisturbed } from '../../../lib/host/interruption.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
let person: AbortController;
beforeEach(() => {
  machine = makeMachine();
  person = new AbortController();
});
afterEach(() => machine.remove());

const pressCtrlC = () => person.abort(new BottleError('interrupted', 'interrupted by SIGINT'));
const pressLater = () => setTimeout(pressCtrlC, 200);
const HANGS = 'exec /bin/sleep 60';

describe('a call of docker while a person presses Ctrl-C', () => {
  it('ends at once when it hangs and only asks', async () => {
    machine.program('docker', HANGS);
    pressLater();
    for (const args of [['ps'], ['network', 'inspect', 'x'], ['image', 'ls']]) {
      await expect(interruptible(person.signal, () => docker(args))).rejects.toMatchObject({
        code: 'interrupted',
      });
      person = new AbortController();
      pressLater();
    }
  }, 10_000);

  it('goes on when it changes something', async () => {
    machine.program('docker', '/bin/sleep 0.6; echo made');
    pressLater();
    expect(await interruptible(person.signal, () => docker(['network', 'create', 'x']))).toBe('made');
  });

  it('goes on when it takes something down', async () => {
    machine.program('docker', '/bin/sleep 0.6; echo there');
    pressLater();
    const work = () => undisturbed(() => docker(['network', 'inspect', 'x']));
    expect(await interruptible(person.signal, work)).toBe('there');
  });

  it('that begins afterwards is not ended: it cleans up', async () => {
    machine.program('docker', '/bin/sleep 0.3; echo there');
    pressCtrlC();
    expect(await interruptible(person.signal, () => docker(['ps']))).toBe('there');
  });
});

it('a change that hangs gets ten seconds', async () => {
  vi.useFakeTimers();
  try {
    await interruptible(person.signal, async () => {
      const interruption = interruptionOf({ isQuestion: false });
      pressCtrlC();
      vi.advanceTimersByTime(9_900);
      expect(interruption?.signal.aborted).toBe(false);
      vi.advanceTimersByTime(200);
      expect(interruption?.signal.aborted).toBe(true);
    });
  } finally {
    vi.useRealTimers();
  }
});
