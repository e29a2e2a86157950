// A proxy that only does CONNECT: the cost of any proxy in Node before it inspects anything.
import { createServer } from 'node:http';
import { connect } from 'node:net';

const server = createServer((_request, response) => response.writeHead(501).end());
server.on('connect', (request, socket) => {
  const upstream = connect({ host: '127.0.0.1', port: Number(/:(\d+)$/.exec(request.url ?? '')?.[1]) });
  const drop = () => {
    upstream.destroy();
    socket.destroy();
  };
  upstream.on('error', drop).on('close', drop);
  socket.on('error', drop).on('close', drop);
  upstream.once('connect', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.pipe(upstream);
    upstream.pipe(socket);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
