import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { ReloadReply } from '../contract/egress/reload.ts';

/** Listens on the Unix socket `path`; each connection requests one reload. Replaces a stale socket. */
export async function listenForReload(path: string, reload: () => Promise<ReloadReply>): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume();
    void reload().then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}
