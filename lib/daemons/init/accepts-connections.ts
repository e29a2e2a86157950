import { connect } from 'node:net';

/** Milliseconds; on loopback an open port answers at once, so silence this long is a no. */
const ANSWER_MS = 1000;

/** Whether something accepts TCP connections on 127.0.0.1:`port` now. Never throws. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_MS });
    const finish = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}
