/* What the files of the guest tool share. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* The commands. Each takes its own arguments and returns an exit code. */
int as_root(int count, char **words);
int run_as(int count, char **words);
int session(int count, char **words);
int write_file(int count, char **words);
int relay(int count, char **words);
int probe(int count, char **words);
int dial_proxy(int count, char **words);
int snapshot(int count, char **words);

/* Prints a message, and the reason in `errno` if there is one, then exits with `code`. */
noreturn void fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
noreturn void usage(const char *line);

/* Reads a descriptor to its end. The result is allocated and ends with a NUL that `size` does not count. */
char *read_all(int descriptor, size_t *size);

/* Gives up root for a user: `NAME`, `UID`, `NAME:GROUP` or `UID:GID`, as in an image's USER. */
void become(const char *user);

/* The user's ID, for the same spellings as `become`. */
uid_t user_id(const char *user);

/*
 * Reads `NAME=VALUE` entries, each ended by a NUL, from a file that root alone can read. The result ends with NULL
 * and has room for two variables more.
 */
char **read_environment(const char *path);
const char *variable(char **environment, const char *name);
void set_variable(char **environment, const char *name, const char *value);

/* Replaces the process by a command, found along the PATH of its new environment. */
noreturn void execute(char **command, char **environment);
noreturn void execute_in(const char *directory, char **command, char **environment);

/* Opens a new terminal and returns the kit's end of it. */
int open_terminal(uid_t owner, struct winsize size, int *agents_end);

/* Returns the name, or another one if this guest's programs do not know such a terminal. */
const char *known_terminal(const char *name, const char *home);

/* Bytes that wait, from `start` to `end`. */
struct bytes {
  unsigned char *at;
  size_t start, end, room;
};
void append(struct bytes *bytes, const unsigned char *added, size_t size);

/* Where the reading of frames stands; all zero at first. */
struct frames {
  unsigned char head[5], payload[4];
  size_t held, left, size;
};
typedef void take_frame(void *context, unsigned char type, const unsigned char *payload, size_t size);

/* Reads once: data goes to the end of `data`, other frames to `take`. Returns false when nothing follows. */
bool read_frames(int from, struct frames *frames, struct bytes *data, take_frame *take, void *context);

#define BUFFER 32768

/* Forwarding in one direction. */
struct flow {
  int from, to;
  bool open;
  size_t start, end;
  char bytes[BUFFER];
};

/* Reads into an empty buffer, or writes what it holds, without waiting. */
void advance(struct flow *flow, short from, short to);

/* One end of a connection: the same socket twice, or two pipes. */
struct end {
  int in, out;
};

/*
 * Forwards bytes both ways until both ways have ended, or one has and nothing moves for `half_closed` milliseconds
 * (-1: ever). Passes each side's end on separately.
 */
void pump(struct end one, struct end other, int half_closed);

#endif
