/* What the host says to a session: frames of a type, a length of four bytes (big-endian), and that many bytes. */
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD 5

/* Bytes of a frame that is an instruction. */
#define LONGEST_INSTRUCTION 4

void append(struct bytes *bytes, const unsigned char *added, size_t size) {
  if (bytes->start > 0) {
    memmove(bytes->at, bytes->at + bytes->start, bytes->end - bytes->start);
    bytes->end -= bytes->start;
    bytes->start = 0;
  }
  if (bytes->end + size > bytes->room) {
    bytes->room = (bytes->end + size) * 2;
    bytes->at = realloc(bytes->at, bytes->room);
    if (bytes->at == NULL) fail(1, "cannot hold the input");
  }
  memcpy(bytes->at + bytes->end, added, size);
  bytes->end += size;
}

static size_t length_of(const unsigned char *head) {
  return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

bool read_frames(int from, struct frames *frames, struct bytes *data, take_frame *take, void *context) {
  unsigned char chunk[32768];
  ssize_t got = read(from, chunk, sizeof chunk);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  for (size_t at = 0; at < (size_t)got;) {
    if (frames->held < HEAD) {
      frames->head[frames->held++] = chunk[at++];
      if (frames->held < HEAD) continue;
      frames->left = length_of(frames->head);
      /* The host is at fault: what follows cannot be understood. */
      if (frames->head[0] != 'd' && frames->left > LONGEST_INSTRUCTION) return false;
    }
    const size_t rest = got - at, part = rest < frames->left ? rest : frames->left;
    if (frames->head[0] == 'd') append(data, chunk + at, part);
    else memcpy(frames->payload + frames->size, chunk + at, part);
    if (frames->head[0] != 'd') frames->size += part;
    frames->left -= part;
    at += part;
    if (frames->left > 0) continue;
    if (frames->head[0] != 'd') take(context, frames->head[0], frames->payload, frames->size);
    frames->held = frames->size = 0;
  }
  return true;
}
