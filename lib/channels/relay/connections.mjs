// The relay's open connections and their bounds. An agent decides how many it opens and whether it ever ends them; each
// costs two descriptors of the host.

/** Of all daemons together. */
export const MOST_CONNECTIONS = 512;
/** Without a byte either way: by then, no agent waits for a model, a stream or a person's decision any longer. */
const IDLE_MS = 60 * 60_000;
/** The same, once one side has ended: what remains is the other one's last word. */
const HALF_CLOSED_MS = 5 * 60_000;
/** What carried a byte, or was opened, this recently does not make room for another of the same daemon. */
const SETTLED_MS = 1_000;
const SWEEP_MS = 5_000;

/**
 * Counts connections, ends idle ones, and makes room at the limit. There, the daemon with the most connections loses
 * one: first those whose client never sent a byte, then the longest idle. So a flood does not shut out other clients.
 */
export function createConnections({ idleMs = IDLE_MS, halfClosedMs = HALF_CLOSED_MS } = {}) {
  const byDaemon = new Map();
  const of = (daemon) => byDaemon.get(daemon) ?? byDaemon.set(daemon, new Set()).get(daemon);
  const count = () => [...byDaemon.values()].reduce((sum, { size }) => sum + size, 0);

  /** Returns whether there is room for one more connection to `daemon`, which may end another. */
  function makeRoom(daemon) {
    if (count() < MOST_CONNECTIONS) return true;
    const fullest = [...byDaemon.values()].reduce((most, one) => (one.size > most.size ? one : most));
    const [victim] = [...fullest].sort(
      (a, b) => Number(a.spoke) - Number(b.spoke) || a.lastByte - b.lastByte,
    );
    const isShare = fullest.size > of(daemon).size + 1;
    if (!isShare && performance.now() - victim.lastByte < SETTLED_MS) return false;
    victim.end();
    return true;
  }

  /** Watches a connection until both sides are closed. */
  function add(daemon, client, upstream) {
    const sides = [client, upstream];
    const connection = {
      spoke: false,
      ended: false,
      lastByte: performance.now(),
      end() {
        of(daemon).delete(connection);
        for (const side of sides) side.destroy();
      },
    };
    of(daemon).add(connection);
    client.once('data', () => {
      connection.spoke = true;
    });
    for (const side of sides) {
      side.on('data', () => {
        connection.lastByte = performance.now();
      });
      for (const event of ['end', 'close']) {
        side.once(event, () => {
          connection.ended = true;
          if (sides.every(({ closed }) => closed)) of(daemon).delete(connection);
        });
      }
    }
  }

  function sweep() {
    const now = performance.now();
    for (const connection of [...byDaemon.values()].flatMap((all) => [...all])) {
      if (now - connection.lastByte > (connection.ended ? halfClosedMs : idleMs)) connection.end();
    }
  }
  setInterval(sweep, Math.min(SWEEP_MS, idleMs, halfClosedMs)).unref();
  return { makeRoom, add };
}
