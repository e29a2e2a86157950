/* Forwarding bytes between two ends. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void finish(struct flow *flow) {
  flow->open = false;
  if (shutdown(flow->to, SHUT_WR) != 0 && errno == ENOTSOCK) close(flow->to);
}

void advance(struct flow *flow, short from, short to) {
  if (flow->start == flow->end && from != 0) {
    ssize_t got = read(flow->from, flow->bytes, BUFFER);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return finish(flow);
    flow->start = 0;
    flow->end = got;
    return;
  }
  if (to == 0) return;
  /* Without bytes to write, this is an error: nobody reads any longer. */
  ssize_t put = flow->start == flow->end ? 0 : write(flow->to, flow->bytes + flow->start, flow->end - flow->start);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (put <= 0) return finish(flow);
  flow->start += put;
}

void pump(struct end one, struct end other, int half_closed) {
  const int descriptors[] = {one.in, one.out, other.in, other.out};
  for (int index = 0; index < 4; index += 1) {
    fcntl(descriptors[index], F_SETFL, fcntl(descriptors[index], F_GETFL) | O_NONBLOCK);
  }
  struct flow *flows = calloc(2, sizeof *flows);
  if (flows == NULL) return;
  flows[0].from = one.in, flows[0].to = other.out, flows[0].open = true;
  flows[1].from = other.in, flows[1].to = one.out, flows[1].open = true;
  while (flows[0].open || flows[1].open) {
    struct pollfd polled[4];
    for (int index = 0; index < 2; index += 1) {
      const struct flow *flow = flows + index;
      const bool empty = flow->start == flow->end;
      polled[2 * index] = (struct pollfd){flow->open && empty ? flow->from : -1, POLLIN, 0};
      polled[2 * index + 1] = (struct pollfd){flow->open ? flow->to : -1, empty ? 0 : POLLOUT, 0};
    }
    int moved = poll(polled, 4, flows[0].open && flows[1].open ? -1 : half_closed);
    if (moved == 0 || (moved < 0 && errno != EINTR)) break;
    for (int index = 0; index < 2; index += 1) {
      if (flows[index].open) advance(flows + index, polled[2 * index].revents, polled[2 * index + 1].revents);
    }
  }
  free(flows);
}
