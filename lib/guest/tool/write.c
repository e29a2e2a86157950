/* Writing a file whole or not at all, without following a link at its place. */
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int digit(char letter) {
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *found = letter == '\0' ? NULL : strchr(DIGITS, letter);
  return found == NULL ? -1 : found - DIGITS;
}

/* Decodes base64 in place and returns the number of bytes. Skips line breaks. */
static size_t decode(char *text, size_t size) {
  unsigned bits = 0;
  size_t bytes = 0, digits = 0;
  errno = 0;
  for (size_t at = 0; at < size && text[at] != '='; at += 1) {
    if (text[at] == '\n') continue;
    int value = digit(text[at]);
    if (value < 0) fail(1, "the input is not base64");
    bits = bits << 6 | value;
    digits += 1;
    if (digits % 4 != 1) text[bytes++] = bits >> (6 - 2 * ((digits - 1) % 4));
  }
  if (digits % 4 == 1) fail(1, "the input is not base64");
  return bytes;
}

static void make_parents(const char *path) {
  char *folder = strdup(path);
  if (folder == NULL) fail(1, "%s", path);
  for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) fail(1, "%s", folder);
    *slash = '/';
  }
  free(folder);
}

/*
 * write [-r] [-u USER] MODE PATH: writes base64 from standard input (with -r: any bytes, as they are). With -u,
 * the user writes: whatever links the user has planted, nothing is written that the user could not write.
 */
int write_file(int count, char **words) {
  bool raw = false;
  const char *user = NULL;
  for (int option; (option = getopt(count, words, "+ru:")) != -1;) {
    if (option == 'r') raw = true;
    else if (option == 'u') user = optarg;
    else optind = count;
  }
  if (count - optind != 2 || words[optind + 1][0] != '/') usage("write [-r] [-u USER] MODE PATH");
  const mode_t mode = strtoul(words[optind], NULL, 8) & 07777;
  const char *path = words[optind + 1];
  size_t size;
  char *bytes = read_all(STDIN_FILENO, &size);
  if (!raw) size = decode(bytes, size);
  if (user != NULL) become(user);
  umask(022);
  make_parents(path);
  char *part;
  if (asprintf(&part, "%s.part-XXXXXX", path) < 0) fail(1, "%s", path);
  /* A new file with an unpredictable name, which only its owner can read. */
  int file = mkstemp(part);
  if (file < 0) fail(1, "%s", path);
  for (size_t written = 0; written < size;) {
    ssize_t put = write(file, bytes + written, size - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) goto failed;
    written += put;
  }
  if (fchmod(file, mode) != 0 || close(file) != 0 || rename(part, path) != 0) goto failed;
  return 0;
failed:;
  const int reason = errno;
  unlink(part);
  errno = reason;
  fail(1, "%s", path);
}
