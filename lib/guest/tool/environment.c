/* The agent's environment: exactly what the file of its bottle says, and what its terminal adds. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many variables `set_variable` can add. */
#define ROOM 2

char **read_environment(const char *path) {
  struct stat found;
  int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 || fstat(file, &found) != 0) fail(126, "%s", path);
  errno = 0;
  if (!S_ISREG(found.st_mode) || found.st_uid != 0 || (found.st_mode & 077) != 0) {
    fail(126, "%s is not a file that root alone can read", path);
  }
  size_t size, entries = 0;
  char *text = read_all(file, &size);
  close(file);
  for (size_t at = 0; at < size; at += strlen(text + at) + 1) entries += 1;
  char **environment = calloc(entries + ROOM + 1, sizeof *environment);
  if (environment == NULL) fail(126, "%s", path);
  entries = 0;
  for (size_t at = 0; at < size; at += strlen(text + at) + 1) environment[entries++] = text + at;
  return environment;
}

/* Returns the place of a variable, or the end. */
static char **place(char **environment, const char *name) {
  const size_t length = strlen(name);
  while (*environment != NULL && (strncmp(*environment, name, length) != 0 || (*environment)[length] != '=')) {
    environment += 1;
  }
  return environment;
}

const char *variable(char **environment, const char *name) {
  const char *found = *place(environment, name);
  return found == NULL ? NULL : found + strlen(name) + 1;
}

void set_variable(char **environment, const char *name, const char *value) {
  if (asprintf(place(environment, name), "%s=%s", name, value) < 0) fail(126, "%s", name);
}
