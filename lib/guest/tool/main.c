/*
 * The kit's program in the guest. It is static and owned by root, so it needs nothing of the image, and nothing
 * that the agent can write decides what it does. `smolvm machine exec` starts it as root.
 */
#include "tool.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The machine's main process: does nothing, so that the image's own command does not run as root. */
static int idle(int count, char **words) {
  (void)count, (void)words;
  /* Ignoring the signal reaps children. */
  signal(SIGCHLD, SIG_IGN);
  while (pause() != 0) continue;
  return 0;
}

static const struct {
  const char *name;
  int (*run)(int count, char **words);
} COMMANDS[] = {
    {"as-root", as_root}, {"run-as", run_as}, {"session", session},       {"write", write_file},
    {"relay", relay},     {"probe", probe},   {"dial-proxy", dial_proxy}, {"snapshot", snapshot},
    {"idle", idle},
};

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  for (size_t index = 0; count > 1 && index < sizeof COMMANDS / sizeof *COMMANDS; index += 1) {
    if (strcmp(words[1], COMMANDS[index].name) == 0) return COMMANDS[index].run(count - 1, words + 1);
  }
  usage("as-root | run-as | session | write | relay | probe | dial-proxy | snapshot | idle");
}

void fail(int code, const char *format, ...) {
  const char *reason = errno == 0 ? NULL : strerror(errno);
  va_list values;
  va_start(values, format);
  fputs("guest-tool: ", stderr);
  vfprintf(stderr, format, values);
  va_end(values);
  fprintf(stderr, "%s%s\n", reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
  exit(code);
}

void usage(const char *line) {
  errno = 0;
  fail(2, "usage: %s", line);
}

char *read_all(int descriptor, size_t *size) {
  char *bytes = NULL;
  size_t room = 0;
  *size = 0;
  for (;;) {
    if (room - *size < 2) {
      room = room * 2 + 4096;
      bytes = realloc(bytes, room);
      if (bytes == NULL) fail(1, "cannot read the input");
    }
    ssize_t got = read(descriptor, bytes + *size, room - *size - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(1, "cannot read the input");
    if (got == 0) break;
    *size += got;
  }
  bytes[*size] = '\0';
  return bytes;
}
