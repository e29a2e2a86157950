/* Running commands: as root without the machine's environment, or as the agent with exactly its own. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only directories of the system: an image may let its user write to /usr/local. */
#define ROOTS_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

/* as-root COMMAND...: the machine's environment is the image's, which may name what the agent can write. */
int as_root(int count, char **words) {
  static char *environment[] = {ROOTS_PATH, "HOME=/root", NULL};
  if (count < 2) usage("as-root COMMAND...");
  if (chdir("/") != 0) fail(1, "/");
  umask(022);
  execute(words + 1, environment);
}

/* Reads `NAME=VALUE` entries, each ended by a NUL, from a file that root alone can read. Adds TERM if given. */
static char **read_environment(const char *path, const char *terminal) {
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
  char **environment = calloc(entries + 2, sizeof *environment);
  if (environment == NULL) fail(126, "%s", path);
  entries = 0;
  for (size_t at = 0; at < size; at += strlen(text + at) + 1) {
    if (terminal == NULL || strncmp(text + at, "TERM=", 5) != 0) environment[entries++] = text + at;
  }
  if (terminal != NULL && asprintf(&environment[entries], "TERM=%s", terminal) < 0) fail(126, "TERM");
  return environment;
}

/*
 * run-as -e FILE [-d DIRECTORY] [-t TERM] [-s COLUMNSxROWS] USER COMMAND...
 * `-s` sets the terminal's size, which some versions of smolvm leave at 0 x 0.
 */
int run_as(int count, char **words) {
  const char *file = NULL, *directory = "/", *terminal = NULL;
  struct winsize size = {0};
  for (int option; (option = getopt(count, words, "+e:d:t:s:")) != -1;) {
    if (option == 'e') file = optarg;
    else if (option == 'd') directory = optarg;
    else if (option == 't') terminal = optarg;
    else if (option != 's' || sscanf(optarg, "%hux%hu", &size.ws_col, &size.ws_row) != 2) optind = count;
  }
  if (file == NULL || count - optind < 2) {
    usage("run-as -e FILE [-d DIRECTORY] [-t TERM] [-s COLUMNSxROWS] USER COMMAND...");
  }
  char **environment = read_environment(file, terminal);
  if (size.ws_col > 0) ioctl(STDIN_FILENO, TIOCSWINSZ, &size);
  become(words[optind]);
  /* After the switch: the directory is the agent's to choose. */
  if (chdir(directory) != 0) fail(126, "%s", directory);
  umask(022);
  execute(words + optind + 1, environment);
}

void execute(char **command, char **environment) {
  environ = environment;
  signal(SIGPIPE, SIG_DFL);
  execvp(command[0], command);
  fail(errno == ENOENT ? 127 : 126, "%s", command[0]);
}
