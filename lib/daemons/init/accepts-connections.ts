import { connect } from 'node:net';

/** Milliseconds; on loopback an open port answers at once, so silence this long is a no. */
const ANSWER_MS = 1000;

/** Whether something accepts TCP connections on 127.0.0.1:`port` now. Never throws. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_MS });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
