/* Running commands: as root without the machine's environment, or as the agent with exactly its own. */
#include "tool.h"

#include <errno.h>
#include <signal.h>
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

/* run-as -e FILE [-d DIRECTORY] USER COMMAND... */
int run_as(int count, char **words) {
  const char *file = NULL, *directory = "/";
  for (int option; (option = getopt(count, words, "+e:d:")) != -1;) {
    if (option == 'e') file = optarg;
    else if (option == 'd') directory = optarg;
    else optind = count;
  }
  if (file == NULL || count - optind < 2) usage("run-as -e FILE [-d DIRECTORY] USER COMMAND...");
  char **environment = read_environment(file);
  become(words[optind]);
  execute_in(directory, words + optind + 1, environment);
}

void execute_in(const char *directory, char **command, char **environment) {
  /* The caller has given up root: the directory is the agent's to choose. */
  if (chdir(directory) != 0) fail(126, "%s", directory);
  umask(022);
  execute(command, environment);
}

void execute(char **command, char **environment) {
  environ = environment;
  signal(SIGPIPE, SIG_DFL);
  execvp(command[0], command);
  fail(errno == ENOENT ? 127 : 126, "%s", command[0]);
}
