/** What init and the host have to know of a daemon. Each daemon declares itself in its own folder of the contracts. */
export interface DaemonDefinition {
  /** TCP port inside the bundle. The daemon is ready once it accepts connections there. */
  readonly port: number;
  /** Whether the daemon may see this variable of the bundle's environment. `PATH` it always sees. */
  mayRead(variable: string): boolean;
  /** Programs of its folder beside `main`, such as worker threads. */
  readonly workers?: readonly string[];
  /** Arguments of its `main` in a bundle. */
  readonly args?: readonly string[];
  /** The command line of a program that is not ours. Absent: Node runs `lib/daemons/<name>/main`. */
  command?(
    environment: Readonly<Record<string, string | undefined>>,
  ): readonly [program: string, ...args: string[]];
}

/** Where Node finds the code that it compiled when the bundle image was built. */
export const COMPILE_CACHE_ENV = 'NODE_COMPILE_CACHE';
