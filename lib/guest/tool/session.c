/* A session: the agent's command on a terminal or on pipes, with instructions of the host on standard input. */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds between the hang-up and the kill of a session that the host has left. */
#define GRACE 5

/* Bytes of input that the command has not read, above which no more is taken from the host. */
#define MOST_INPUT (16 << 20)

/* Bytes still forwarded after the command's end: more than a terminal or a pipe can hold, so that only what a
 * background process goes on writing is left out. */
#define MOST_REST (1 << 20)

struct session {
  pid_t child;
  /* Where the command's input goes: the terminal, or a pipe; -1 once ended. */
  int input;
  bool has_terminal, input_ends;
  /* Seconds of the clock at which everything is killed; 0 for never. */
  time_t deadline;
  struct bytes pending;
};

static time_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

/* The command's own group, and what a shell on the terminal has put into the foreground. */
static void send_signal(const struct session *session, int number) {
  pid_t front = 0;
  kill(-session->child, number);
  if (!session->has_terminal || ioctl(session->input, TIOCGPGRP, &front) != 0) return;
  if (front > 1 && front != session->child) kill(-front, number);
}

static void hang_up(struct session *session) {
  if (session->deadline != 0) return;
  session->deadline = now() + GRACE;
  send_signal(session, SIGHUP);
  /* What is stopped sees the hang-up only when it goes on. */
  send_signal(session, SIGCONT);
}

/* `r`: the terminal's size, as columns and rows. `s`: a signal. `e`: the end of the input. */
static void take(void *context, unsigned char type, const unsigned char *payload, size_t size) {
  struct session *session = context;
  if (type == 'r' && size == 4 && session->has_terminal) {
    struct winsize wanted = {.ws_col = payload[0] << 8 | payload[1], .ws_row = payload[2] << 8 | payload[3]};
    ioctl(session->input, TIOCSWINSZ, &wanted);
  }
  if (type == 's' && size == 1 && payload[0] > 0 && payload[0] < NSIG) send_signal(session, payload[0]);
  if (type == 'e') session->input_ends = true;
}

static void write_input(struct session *session, short ready) {
  struct bytes *pending = &session->pending;
  if (session->input < 0) return;
  if (pending->start < pending->end && ready != 0) {
    ssize_t put = write(session->input, pending->at + pending->start, pending->end - pending->start);
    if (put > 0) pending->start += put;
    /* The command has closed its input: what is left has no reader. */
    else if (errno != EAGAIN && errno != EINTR) pending->start = pending->end;
  }
  if (session->has_terminal || !session->input_ends || pending->start < pending->end) return;
  close(session->input);
  session->input = -1;
}

static struct flow *flow_between(int from, int to) {
  struct flow *flow = calloc(1, sizeof *flow);
  if (flow == NULL) fail(126, "no memory");
  flow->from = from, flow->to = to, flow->open = true;
  fcntl(from, F_SETFL, fcntl(from, F_GETFL) | O_NONBLOCK);
  fcntl(to, F_SETFL, fcntl(to, F_GETFL) | O_NONBLOCK);
  return flow;
}

/* Forwards what the command had written when it ended. */
static void drain(struct flow *flow) {
  for (size_t rest = MOST_REST; flow->open;) {
    const bool empty = flow->start == flow->end;
    struct pollfd polled = {empty ? flow->from : flow->to, empty ? POLLIN : POLLOUT, 0};
    if (empty && rest == 0) return;
    if (poll(&polled, 1, empty ? 0 : -1) == 0) return;
    advance(flow, empty ? polled.revents : 0, empty ? 0 : polled.revents);
    if (empty) rest -= rest < flow->end - flow->start ? rest : flow->end - flow->start;
  }
}

/* Connects both sides until the command has ended. Returns its status as `waitpid` has it. */
static int serve(struct session *session, struct flow *flows[2], int signals) {
  struct frames frames = {0};
  bool has_host = true;
  for (int status;;) {
    struct bytes *pending = &session->pending;
    const bool has_input = pending->start < pending->end;
    struct pollfd polled[7] = {
        {has_host && pending->end - pending->start < MOST_INPUT ? STDIN_FILENO : -1, POLLIN, 0},
        {has_input ? session->input : -1, POLLOUT, 0},
        {signals, POLLIN, 0},
    };
    for (int index = 0; index < 2; index += 1) {
      const struct flow *flow = flows[index];
      const bool open = flow != NULL && flow->open, empty = open && flow->start == flow->end;
      polled[3 + 2 * index] = (struct pollfd){empty ? flow->from : -1, POLLIN, 0};
      polled[4 + 2 * index] = (struct pollfd){open && !empty ? flow->to : -1, POLLOUT, 0};
    }
    poll(polled, 7, session->deadline == 0 ? -1 : 1000);
    if (polled[0].revents != 0 && !read_frames(STDIN_FILENO, &frames, pending, take, session)) {
      has_host = false;
      hang_up(session);
    }
    write_input(session, polled[1].revents);
    for (int index = 0; index < 2; index += 1) {
      if (flows[index] != NULL && flows[index]->open) {
        advance(flows[index], polled[3 + 2 * index].revents, polled[4 + 2 * index].revents);
      }
    }
    struct signalfd_siginfo caught;
    while (read(signals, &caught, sizeof caught) == sizeof caught) {
      if (caught.ssi_signo != SIGCHLD) hang_up(session);
    }
    if (session->deadline != 0 && now() >= session->deadline) send_signal(session, SIGKILL);
    if (waitpid(session->child, &status, WNOHANG) == session->child) return status;
  }
}

/* Seconds after which nobody asks any more how a session ended. */
#define REPORT_AGE 60

/* Removes what earlier sessions have reported in the directory of `path`, whose name starts as theirs do. */
static void remove_old_reports(const char *path) {
  char *directory = strdup(path), *slash = directory == NULL ? NULL : strrchr(directory, '/');
  if (slash == NULL) return;
  *slash = '\0';
  const size_t prefix = strcspn(slash + 1, "-") + 1;
  DIR *all = opendir(directory);
  for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
    struct stat found;
    if (strncmp(entry->d_name, slash + 1, prefix) != 0 || fstatat(dirfd(all), entry->d_name, &found, 0) != 0) continue;
    if (found.st_size > 0 && found.st_mtime + REPORT_AGE < time(NULL)) unlinkat(dirfd(all), entry->d_name, 0);
  }
  if (all != NULL) closedir(all);
  free(directory);
}

/* The file is there, and empty, while the command runs. Best effort: a guest without memory still runs the command. */
static int open_report(const char *path) {
  if (path == NULL) return -1;
  remove_old_reports(path);
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* Writes down how the command ended, for a host to which smolvm does not tell it: the exit code, after `hung-up` when the
 * host had left before. */
static void report_end(int report, const struct session *session, int code) {
  if (report >= 0) dprintf(report, "%s%d\n", session->deadline == 0 ? "" : "hung-up ", code);
}

/* session -e FILE [-r REPORT] [-d DIRECTORY] [-t TERM -s COLUMNSxROWS] [-c COLORTERM] USER COMMAND... */
int session(int count, char **words) {
  const char *file = NULL, *end = NULL, *directory = "/", *terminal = NULL, *colors = NULL;
  struct winsize size = {.ws_col = 80, .ws_row = 24};
  for (int option; (option = getopt(count, words, "+e:r:d:t:s:c:")) != -1;) {
    if (option == 'e') file = optarg;
    else if (option == 'r') end = optarg;
    else if (option == 'd') directory = optarg;
    else if (option == 't') terminal = optarg;
    else if (option == 'c') colors = optarg;
    else if (option != 's' || sscanf(optarg, "%hux%hu", &size.ws_col, &size.ws_row) != 2) optind = count;
  }
  if (file == NULL || count - optind < 2) {
    usage("session -e FILE [-r REPORT] [-d DIRECTORY] [-t TERM -s COLUMNSxROWS] [-c COLORTERM] USER COMMAND...");
  }
  const int report = open_report(end);
  char **environment = read_environment(file), *user = words[optind];
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD), sigaddset(&blocked, SIGTERM), sigaddset(&blocked, SIGHUP), sigaddset(&blocked, SIGINT);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  int signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);

  int ours[3], theirs[3];
  if (terminal != NULL) {
    ours[0] = ours[1] = open_terminal(user_id(user), size, &theirs[0]);
    theirs[1] = theirs[2] = theirs[0];
  } else {
    for (int stream = 0; stream < 3; stream += 1) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) fail(126, "no pipe");
      ours[stream] = ends[stream == 0], theirs[stream] = ends[stream != 0];
    }
  }
  /* Closed by the child when it has a group of its own, which signals can reach from then on. */
  int ready[2];
  char nothing;
  if (pipe2(ready, O_CLOEXEC) != 0) fail(126, "no pipe");
  pid_t child = fork();
  if (child < 0) fail(126, "cannot start a process");
  if (child == 0) {
    setsid();
    close(ready[1]);
    if (terminal != NULL) ioctl(theirs[0], TIOCSCTTY, 0);
    for (int stream = 0; stream < 3; stream += 1) dup2(theirs[stream], stream);
    sigprocmask(SIG_SETMASK, &before, NULL);
    become(user);
    /* When smolvm kills this program, nothing of it goes on. A change of user would undo this. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (terminal != NULL) set_variable(environment, "TERM", known_terminal(terminal, variable(environment, "HOME")));
    if (terminal != NULL && colors != NULL) set_variable(environment, "COLORTERM", colors);
    execute_in(directory, words + optind + 1, environment);
  }
  for (int stream = 0; stream < (terminal == NULL ? 3 : 1); stream += 1) close(theirs[stream]);
  close(ready[1]);
  while (read(ready[0], &nothing, 1) < 0 && errno == EINTR) continue;
  close(ready[0]);
  struct session running = {.child = child, .input = ours[0], .has_terminal = terminal != NULL};
  fcntl(ours[0], F_SETFL, fcntl(ours[0], F_GETFL) | O_NONBLOCK);
  struct flow *flows[2] = {flow_between(ours[1], STDOUT_FILENO), NULL};
  if (terminal == NULL) flows[1] = flow_between(ours[2], STDERR_FILENO);
  int status = serve(&running, flows, signals);
  for (int index = 0; index < 2; index += 1) {
    if (flows[index] != NULL) drain(flows[index]);
  }
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  report_end(report, &running, code);
  return code;
}
