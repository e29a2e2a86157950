/** A step longer than this is said: a person should see what a launch waits for. In milliseconds. */
const SLOW_STEP_MS = 2_000;
/** Characters of a step that are shown. */
const STEP_LENGTH = 90;

/** What the legacy builder says, and what BuildKit does (`--progress plain`, which it chooses without a terminal). */
const STEP = /^(?:Step (?<step>\d+\/\d+) : |#\d+ \[(?:[^\]\s]+ )?(?<vertex>\d+\/\d+)\] )(?<command>.*)$/;
/** What the legacy builder says about itself. */
const OF_LEGACY_BUILDER =
  /^(?:DEPRECATED: The legacy builder| +Install the buildx component| +https:\/\/docs\.docker\.com\/go\/buildx| *---> |Removing intermediate container |Sending build context )/;

/** Returns such as `step 2/7: RUN npm ci` for the line that begins a step of a Dockerfile. */
export function stepOf(line: string): string | undefined {
  const { step, vertex, command = '' } = STEP.exec(line)?.groups ?? {};
  const number = step ?? vertex;
  if (number === undefined) return undefined;
  const text = command.length > STEP_LENGTH ? `${command.slice(0, STEP_LENGTH)}…` : command;
  return `step ${number}: ${text}`;
}

/** Says each step that takes long, once. `end` must be called when the build is over. */
export function sayingSlowSteps(say: (line: string) => void): {
  onLine: (line: string) => void;
  end: () => void;
} {
  const told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const end = () => clearTimeout(timer);
  const onLine = (line: string) => {
    const step = stepOf(line);
    if (step === undefined) return;
    end();
    // BuildKit names a step again when it has shown lines of another one.
    if (told.has(step)) return;
    timer = setTimeout(() => {
      told.add(step);
      say(step);
    }, SLOW_STEP_MS);
  };
  return { onLine, end };
}

/** Returns the output of the step in which a build ended, without what the builder says about itself. */
export function failedStep(said: readonly string[]): string {
  const failed = said.findLast((line) => /^#\d+ ERROR/.test(line));
  return failed === undefined ? lastLegacyStep(said) : buildkitStep(said, failed);
}

/** BuildKit mixes the lines of steps that run at the same time. */
function buildkitStep(said: readonly string[], failed: string): string {
  const prefix = failed.slice(0, failed.indexOf(' ') + 1);
  const ofStep = said.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  // With seconds in front of what the command printed.
  const printed = ofStep.map((line) => line.replace(/^\d+\.\d+ /, ''));
  return printed.filter((line) => line.trim() !== '').join('\n');
}

function lastLegacyStep(said: readonly string[]): string {
  const start = said.findLastIndex((line) => line.startsWith('Step '));
  return said
    .slice(Math.max(0, start))
    .filter((line) => line.trim() !== '' && !OF_LEGACY_BUILDER.test(line))
    .join('\n');
}
