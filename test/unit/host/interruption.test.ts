import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { docker } from '../../../lib/docker/cli.ts';
import { BottleError } from '../../../lib/errors.ts';
import {
  interruptible,
  interruptionOf,
  noteInterruption,
  undisturbed,
} from '../../../lib/host/interruption.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
let person: AbortController;
beforeEach(() => {
  machine = makeMachine();
  person = new AbortController();
});
afterEach(() => machine.remove());

function pressCtrlC(): void {
  person.abort(new BottleError('interrupted', 'interrupted by SIGINT'));
  noteInterruption();
}
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

describe('a call that hangs gets ten seconds', () => {
  const graceOf = async (call: { isQuestion: boolean }) => {
    vi.useFakeTimers();
    try {
      const interruption = interruptionOf(call);
      pressCtrlC();
      vi.advanceTimersByTime(9_900);
      expect(interruption?.signal.aborted).toBe(false);
      vi.advanceTimersByTime(200);
      expect(interruption?.signal.aborted).toBe(true);
      return () => interruption?.end(true);
    } finally {
      vi.useRealTimers();
    }
  };

  it('when it changes something, and the work ends with it', async () => {
    const end = await interruptible(person.signal, () => graceOf({ isQuestion: false }));
    expect(end).toThrow('interrupted by SIGINT');
  });

  it('when it takes something down, also at another Ctrl-C, and the work goes on', async () => {
    pressCtrlC();
    for (const isQuestion of [true, false]) {
      const end = await interruptible(person.signal, () => undisturbed(() => graceOf({ isQuestion })));
      expect(end).not.toThrow();
    }
  });
});
