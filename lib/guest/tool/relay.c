/* The guest's side of the socket tier: makes mounted Unix sockets available on 127.0.0.1. */
#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST_PAIRS 8
/* Attempts to stop an older relay, 20 ms apart. */
#define TRIES 250
/* A thread each. The host's relay keeps fewer open, and chooses which; this bounds those that it has already ended. */
#define MOST_CONNECTIONS 1024
/* Milliseconds that a connection may stand still once one side has ended. */
#define HALF_CLOSED_MS 300000

struct pair {
  int listener;
  struct sockaddr_un target;
};

struct connection {
  int client;
  const struct pair *pair;
};

static atomic_int open_connections;

static void nap(void) { nanosleep(&(struct timespec){0, 20000000}, NULL); }

static void *forward(void *given) {
  struct connection connection = *(struct connection *)given;
  free(given);
  const int on = 1;
  setsockopt(connection.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int target = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct sockaddr *address = (const struct sockaddr *)&connection.pair->target;
  if (target >= 0 && connect(target, address, sizeof connection.pair->target) == 0) {
    pump((struct end){connection.client, connection.client}, (struct end){target, target}, HALF_CLOSED_MS);
  }
  if (target >= 0) close(target);
  close(connection.client);
  atomic_fetch_sub(&open_connections, 1);
  return NULL;
}

static void welcome(const struct pair *pair, const pthread_attr_t *detached) {
  int client = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return nap();
  struct connection *connection = NULL;
  pthread_t thread;
  if (atomic_fetch_add(&open_connections, 1) < MOST_CONNECTIONS) connection = malloc(sizeof *connection);
  if (connection != NULL) *connection = (struct connection){client, pair};
  if (connection != NULL && pthread_create(&thread, detached, forward, connection) == 0) return;
  atomic_fetch_sub(&open_connections, 1);
  free(connection);
  close(client);
}

/* Parses PORT=SOCKET and listens. */
static struct pair open_pair(const char *text) {
  struct pair pair = {.target = {.sun_family = AF_UNIX}};
  char *path;
  unsigned long port = strtoul(text, &path, 10);
  if (port == 0 || port > UINT16_MAX || *path != '=' || strlen(path + 1) >= sizeof pair.target.sun_path) {
    usage("relay LOCK PORT=SOCKET...");
  }
  strcpy(pair.target.sun_path, path + 1);
  const int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  pair.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(pair.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(pair.listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(pair.listener, 256) != 0) {
    fail(1, "127.0.0.1:%lu", port);
  }
  return pair;
}

/* Holds the lock until the process ends. Stops its holder first: the kernel says who that is, so no PID is stale. */
static void replace_holder(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) fail(1, "%s", path);
  for (int tries = 0; tries < TRIES; tries += 1) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_SETLK, &lock) == 0) return;
    if (fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 1) kill(lock.l_pid, SIGTERM);
    nap();
  }
  errno = 0;
  fail(1, "an older relay does not end");
}

/* Returns in a background process. The process that was called exits when that one listens, or has failed. */
static int to_background(void) {
  int ready[2];
  char byte;
  if (pipe(ready) != 0) fail(1, "pipe");
  pid_t child = fork();
  if (child < 0) fail(1, "fork");
  if (child == 0) {
    close(ready[0]);
    setsid();
    return ready[1];
  }
  close(ready[1]);
  _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
}

/* relay LOCK PORT=SOCKET...: replaces the relay that holds the lock, and returns when every port listens. */
int relay(int count, char **words) {
  struct pair pairs[MOST_PAIRS];
  struct pollfd polled[MOST_PAIRS];
  if (count < 3 || count - 2 > MOST_PAIRS) usage("relay LOCK PORT=SOCKET...");
  int ready = to_background();
  replace_holder(words[1]);
  for (int index = 2; index < count; index += 1) {
    pairs[index - 2] = open_pair(words[index]);
    polled[index - 2] = (struct pollfd){pairs[index - 2].listener, POLLIN, 0};
  }
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  /* Whoever started the relay waits until nobody holds these. */
  int nowhere = open("/dev/null", O_RDWR);
  for (int stream = 0; stream < 3; stream += 1) dup2(nowhere, stream);
  if (chdir("/") != 0 || write(ready, "", 1) != 1) return 1;
  close(ready);
  for (;;) {
    if (poll(polled, count - 2, -1) < 0) continue;
    for (int index = 0; index < count - 2; index += 1) {
      if (polled[index].revents != 0) welcome(pairs + index, &detached);
    }
  }
}
