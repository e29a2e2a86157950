/* What the files of the guest tool share. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* The commands. Each takes its own arguments and returns an exit code. */
int as_root(int count, char **words);
int run_as(int count, char **words);
int write_file(int count, char **words);
int relay(int count, char **words);
int probe(int count, char **words);
int dial_proxy(int count, char **words);

/* Prints a message, and the reason in `errno` if there is one, then exits with `code`. */
noreturn void fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
noreturn void usage(const char *line);

/* Reads a descriptor to its end. The result is allocated and ends with a NUL that `size` does not count. */
char *read_all(int descriptor, size_t *size);

/* Gives up root for a user: `NAME`, `UID`, `NAME:GROUP` or `UID:GID`, as in an image's USER. */
void become(const char *user);

/* Replaces the process by a command, found along the PATH of its new environment. */
noreturn void execute(char **command, char **environment);

/* One end of a connection: the same socket twice, or two pipes. */
struct end {
  int in, out;
};

/* Forwards bytes both ways until both ways have ended. Passes each side's end on separately. */
void pump(struct end one, struct end other);

#endif
