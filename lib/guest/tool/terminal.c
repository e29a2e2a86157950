/* The terminal of a session: a pseudo-terminal, and the name by which programs look up what it can do. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What every image that knows terminals at all knows, and what programs without a database expect. */
#define USUAL_TERMINAL "xterm-256color"

int open_terminal(uid_t owner, struct winsize size, int *agents_end) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  char path[64];
  if (master < 0 || unlockpt(master) != 0 || ptsname_r(master, path, sizeof path) != 0) fail(126, "no terminal");
  *agents_end = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*agents_end < 0) fail(126, "%s", path);
  /* So that the agent can open its terminal by name. */
  if (fchown(*agents_end, owner, -1) != 0) fail(126, "%s", path);
  ioctl(master, TIOCSWINSZ, &size);
  return master;
}

/* By first letter, or by its code as on macOS and in some databases. */
static bool has_entry(const char *directory, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%c/%s", directory, name[0], name);
  if (access(path, R_OK) == 0) return true;
  snprintf(path, sizeof path, "%s/%02x/%s", directory, (unsigned char)name[0], name);
  return access(path, R_OK) == 0;
}

const char *known_terminal(const char *name, const char *home) {
  static const char *const DIRECTORIES[] = {"/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo"};
  if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) return USUAL_TERMINAL;
  if (strcmp(name, "dumb") == 0) return name;
  for (size_t index = 0; index < sizeof DIRECTORIES / sizeof *DIRECTORIES; index += 1) {
    if (has_entry(DIRECTORIES[index], name)) return name;
  }
  char own[256];
  snprintf(own, sizeof own, "%s/.terminfo", home == NULL ? "" : home);
  return home != NULL && has_entry(own, name) ? name : USUAL_TERMINAL;
}
