/* The guest's side of the probe: attempts that must fail, and a way to the proxy for the host's own attempt. */
#include "tool.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds. What can be reached answers at once. */
#define SILENCE 2

/* Connects to a numeric address; returns -1 with `errno`. */
static int dial(const char *host, const char *port, int type) {
  struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type}, *found;
  errno = EINVAL;
  if (getaddrinfo(host, port, &wanted, &found) != 0) return -1;
  int connection = socket(found->ai_family, type | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  return connect(connection, found->ai_addr, found->ai_addrlen) == 0 ? connection : -1;
}

static const char *try_tcp(const char *host, const char *port) {
  return dial(host, port, SOCK_STREAM) < 0 ? NULL : "connected";
}

/* Asks a name server for those of the root: valid, and reveals nothing. */
static const char *try_dns(const char *host, const char *port) {
  static const char QUERY[] = "\xb0\xb0\x01\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01";
  char answer[512];
  int server = dial(host, port, SOCK_DGRAM);
  if (server < 0 || send(server, QUERY, sizeof QUERY - 1, 0) < 0) return NULL;
  return recv(server, answer, sizeof answer, 0) < 0 ? NULL : "answered";
}

/* Asks every name server of the file, such as /etc/resolv.conf. */
static const char *try_resolver(const char *path, const char *port) {
  char line[512], server[256];
  FILE *file = fopen(path, "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "nameserver %255s", server) == 1 && try_dns(server, port) != NULL) return "answered";
  }
  return NULL;
}

static const struct {
  const char *name;
  const char *(*run)(const char *host, const char *port);
} TRIES[] = {{"tcp", try_tcp}, {"dns", try_dns}, {"resolver", try_resolver}};

/* Runs one attempt in a process of its own, which an alarm ends. It prints nothing when it times out. */
static pid_t start_try(int number, char **words) {
  for (size_t index = 0; index < sizeof TRIES / sizeof *TRIES; index += 1) {
    if (strcmp(words[0], TRIES[index].name) != 0) continue;
    pid_t child = fork();
    if (child != 0) return child;
    alarm(SILENCE);
    errno = 0;
    const char *outcome = TRIES[index].run(words[1], words[2]);
    /* One write of a short line, so that those of several processes do not mix. */
    if (outcome != NULL) dprintf(STDOUT_FILENO, "%d %s\n", number, outcome);
    else dprintf(STDOUT_FILENO, "%d failed: %s\n", number, errno == 0 ? "nothing to try" : strerror(errno));
    _exit(0);
  }
  usage("probe [tcp|dns ADDRESS PORT | resolver FILE PORT]...");
}

/* probe [KIND PLACE PORT]...: makes all attempts at once. Prints a line for each, which begins with its number. */
int probe(int count, char **words) {
  const int attempts = (count - 1) / 3;
  pid_t *children = calloc(attempts + 1, sizeof *children);
  if ((count - 1) % 3 != 0 || children == NULL) usage("probe [tcp|dns ADDRESS PORT | resolver FILE PORT]...");
  for (int index = 0; index < attempts; index += 1) {
    children[index] = start_try(index, words + 1 + 3 * index);
    if (children[index] < 0) fail(1, "fork");
  }
  for (int index = 0; index < attempts; index += 1) {
    int status;
    if (waitpid(children[index], &status, 0) < 0) fail(1, "wait");
    if (WIFSIGNALED(status)) dprintf(STDOUT_FILENO, "%d timeout\n", index);
  }
  return 0;
}

/* dial-proxy: connects standard input and output to the proxy that the agent's environment names. */
int dial_proxy(int count, char **words) {
  char host[64], port[8];
  const char *url = getenv("HTTPS_PROXY");
  (void)words;
  if (count != 1) usage("dial-proxy");
  errno = 0;
  if (url == NULL || sscanf(url, "http://%63[0-9.]:%7[0-9]", host, port) != 2) {
    fail(1, "HTTPS_PROXY does not name a proxy");
  }
  int proxy = dial(host, port, SOCK_STREAM);
  if (proxy < 0) fail(1, "%s", url);
  pump((struct end){STDIN_FILENO, STDOUT_FILENO}, (struct end){proxy, proxy}, -1);
  return 0;
}
