/*
 * A tar archive of the guest's root, whatever programs its image has: hard links, holes, owners, attributes. Other
 * file systems, devices and sockets stay out.
 *
 * The format is GNU's, with long names as `L` and `K`, since those are bytes as they come, and holes as `S` with at
 * most four parts, so that readers which do not know it still find the next entry. Attributes are in POSIX headers.
 */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BLOCK 512
#define CHUNK (1 << 20)
/* Longer paths cannot be unpacked by name. */
#define LONGEST_PATH 4000
/* Bytes of holes below which a file is not worth being sparse: Docker cannot load an image with such files. */
#define LEAST_HOLES (1 << 20)
#define MOST_PARTS 3
#define LONGEST_ATTRIBUTE 65536
#define MOST_REPORTS 1000

/* Directories that a kernel or an init fills; they stay, empty. */
static const char *const EMPTY[] = {"proc", "sys", "dev", "run"};

struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[8];
  char user[32], group[32], major[8], minor[8], atime[12], ctime[12], unused[17];
  char parts[4][2][12], extended, real[12], end[17];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* A part of a file that is no hole. */
struct part {
  off_t start, end;
};

/* The first path of a file with several. */
struct seen {
  dev_t device;
  ino_t number;
  char *path;
};

static char output[CHUNK];
static size_t waiting;
static void *links;
static unsigned long reports;

static void flush(void) {
  for (size_t at = 0; at < waiting;) {
    ssize_t put = write(STDOUT_FILENO, output + at, waiting - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(1, "writing the archive");
    at += put;
  }
  waiting = 0;
}

static void put(const void *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    if (waiting == CHUNK) flush();
    const size_t part = size - at < CHUNK - waiting ? size - at : CHUNK - waiting;
    memcpy(output + waiting, (const char *)bytes + at, part);
    waiting += part;
    at += part;
  }
}

static void put_zeros(size_t size) {
  for (; size > 0; size -= size < BLOCK ? size : BLOCK) {
    static const char ZEROS[BLOCK];
    put(ZEROS, size < BLOCK ? size : BLOCK);
  }
}

static void pad(off_t size) { put_zeros((BLOCK - size % BLOCK) % BLOCK); }

/* Says on standard error what is not as it should be, one line each: a word, and the path with its odd bytes as hex. */
static void report(const char *what, const char *path) {
  if (++reports > MOST_REPORTS) return;
  fprintf(stderr, "%s ", what);
  for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at += 1) {
    if (*at > 32 && *at < 127 && *at != '\\') fputc(*at, stderr);
    else fprintf(stderr, "\\x%02x", *at);
  }
  fputc('\n', stderr);
}

/* Octal digits, or GNU's binary for what has more. */
static void number(char *field, size_t size, long long value) {
  if (value >= 0 && value < 1LL << (3 * (size - 1))) {
    snprintf(field, size, "%0*llo", (int)size - 1, value);
    return;
  }
  for (size_t at = size; at-- > 0; value >>= 8) field[at] = (char)(value & 0xff);
  field[0] |= (char)0x80;
}

static void put_header(struct header *header) {
  memcpy(header->magic, "ustar  ", 8);
  memset(header->sum, ' ', sizeof header->sum);
  unsigned sum = 0;
  for (size_t at = 0; at < BLOCK; at += 1) sum += ((unsigned char *)header)[at];
  snprintf(header->sum, sizeof header->sum, "%06o", sum);
  put(header, BLOCK);
}

/* An entry that belongs to the next one. */
static void put_extension(char type, const char *body, size_t size) {
  struct header header = {.name = "././@LongLink", .type = type};
  if (type == 'x') strcpy(header.name, "attributes");
  number(header.mode, sizeof header.mode, 0644);
  number(header.uid, sizeof header.uid, 0);
  number(header.gid, sizeof header.gid, 0);
  number(header.mtime, sizeof header.mtime, 0);
  number(header.size, sizeof header.size, (long long)size);
  put_header(&header);
  put(body, size);
  pad((off_t)size);
}

/* A POSIX record states its own length, whose digits count. */
static size_t record_size(size_t body) {
  size_t size = body + 1;
  for (size_t digits = 1, most = 10; ; digits += 1, most *= 10) {
    size = body + digits;
    if (size < most) return size;
  }
}

/* Only what survives the guest: others belong to its kernel and its file system. */
static bool is_kept(const char *attribute) {
  return strcmp(attribute, "security.capability") == 0 || strncmp(attribute, "user.", 5) == 0 ||
         strncmp(attribute, "system.posix_acl_", 17) == 0;
}

static void put_attributes(int file) {
  static char names[LONGEST_ATTRIBUTE], value[LONGEST_ATTRIBUTE];
  const ssize_t length = flistxattr(file, names, sizeof names);
  if (length <= 0) return;
  char *records = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&records, &size);
  if (memory == NULL) fail(1, "attributes");
  for (const char *name = names; name < names + length; name += strlen(name) + 1) {
    if (!is_kept(name)) continue;
    const ssize_t bytes = fgetxattr(file, name, value, sizeof value);
    if (bytes < 0) continue;
    /* Space, prefix, name, `=`, value, line end. */
    fprintf(memory, "%zu SCHILY.xattr.%s=", record_size(1 + 13 + strlen(name) + 1 + (size_t)bytes + 1), name);
    fwrite(value, 1, (size_t)bytes, memory);
    fputc('\n', memory);
  }
  if (fclose(memory) != 0) fail(1, "attributes");
  if (size > 0) put_extension('x', records, size);
  free(records);
}

static void put_text(char *field, size_t room, const char *text, char extension) {
  const size_t size = strlen(text);
  if (size > room) put_extension(extension, text, size + 1);
  memcpy(field, text, size < room ? size : room);
}

/* Fills in what all entries have. `path` and `link` may come before it, as entries of their own. */
static void describe(struct header *header, char type, const char *path, const char *link, const struct stat *found) {
  *header = (struct header){.type = type};
  if (link != NULL) put_text(header->link, sizeof header->link, link, 'K');
  put_text(header->name, sizeof header->name, path, 'L');
  number(header->mode, sizeof header->mode, found->st_mode & 07777);
  number(header->uid, sizeof header->uid, found->st_uid);
  number(header->gid, sizeof header->gid, found->st_gid);
  number(header->size, sizeof header->size, 0);
  number(header->mtime, sizeof header->mtime, found->st_mtime);
  number(header->ctime, sizeof header->ctime, found->st_ctime);
}

static int compare_seen(const void *one, const void *other) {
  const struct seen *a = one, *b = other;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

/* Returns the path under which the same file is in the archive already; NULL if it is not. */
static const char *earlier_path(const char *path, const struct stat *found) {
  if (found->st_nlink < 2) return NULL;
  struct seen *seen = malloc(sizeof *seen);
  if (seen == NULL) fail(1, "%s", path);
  *seen = (struct seen){found->st_dev, found->st_ino, NULL};
  struct seen **known = tsearch(seen, &links, compare_seen);
  if (known == NULL) fail(1, "%s", path);
  if (*known == seen) {
    seen->path = strdup(path);
    if (seen->path == NULL) fail(1, "%s", path);
    return NULL;
  }
  free(seen);
  return (*known)->path;
}

/*
 * Finds the parts of a file that are no holes: at most MOST_PARTS, between its largest holes. Returns how many; one
 * part for a file that is not worth it.
 */
static int find_parts(int file, const struct stat *found, struct part *parts) {
  const off_t size = found->st_size;
  parts[0] = (struct part){0, size};
  if (size - found->st_blocks * 512 < LEAST_HOLES) return 1;
  /* The largest holes inside the file, and where the last data ends. */
  struct part holes[MOST_PARTS - 1] = {0};
  off_t first = -1, end = 0;
  for (off_t at = 0; at < size;) {
    const off_t start = lseek(file, at, SEEK_DATA);
    if (start < 0) break;
    if (first < 0) first = start;
    else if (start - end > holes[0].end - holes[0].start) {
      holes[0] = (struct part){end, start};
      if (holes[0].end - holes[0].start > holes[1].end - holes[1].start) {
        const struct part larger = holes[0];
        holes[0] = holes[1];
        holes[1] = larger;
      }
    }
    end = lseek(file, start, SEEK_HOLE);
    if (end < 0 || end > size) end = size;
    at = end;
  }
  errno = 0;
  if (first < 0) {
    parts[0] = (struct part){size, size};
    return 1;
  }
  /* In the order of the file. */
  const bool swap = holes[0].start > holes[1].start;
  int count = 0;
  off_t from = first;
  for (int index = 0; index < MOST_PARTS - 1; index += 1) {
    const struct part hole = holes[swap ? 1 - index : index];
    if (hole.end == hole.start) continue;
    parts[count++] = (struct part){from, hole.start};
    from = hole.end;
  }
  parts[count++] = (struct part){from, end};
  return count;
}

/* Writes as many bytes as were announced, zeros for those that are gone. Returns whether all were there. */
static bool put_content(int file, struct part part) {
  for (off_t at = part.start; at < part.end;) {
    if (waiting == CHUNK) flush();
    const off_t left = part.end - at;
    const size_t room = CHUNK - waiting;
    const ssize_t got = pread(file, output + waiting, left < (off_t)room ? (size_t)left : room, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      put_zeros((size_t)left);
      return false;
    }
    waiting += (size_t)got;
    at += got;
  }
  return true;
}

static void put_file(int file, const char *path, const struct stat *found) {
  struct part parts[MOST_PARTS];
  struct header header;
  const int count = find_parts(file, found, parts);
  const bool sparse = count > 1 || parts[0].start > 0 || parts[0].end < found->st_size;
  put_attributes(file);
  describe(&header, sparse ? 'S' : '0', path, NULL, found);
  off_t stored = 0;
  for (int index = 0; index < count; index += 1) {
    stored += parts[index].end - parts[index].start;
    if (!sparse) continue;
    number(header.parts[index][0], 12, parts[index].start);
    number(header.parts[index][1], 12, parts[index].end - parts[index].start);
  }
  number(header.size, sizeof header.size, stored);
  if (sparse) {
    /* The end, which a hole may come before. */
    number(header.parts[count][0], 12, found->st_size);
    number(header.parts[count][1], 12, 0);
    number(header.real, sizeof header.real, found->st_size);
  }
  put_header(&header);
  bool whole = true;
  for (int index = 0; index < count; index += 1) whole = put_content(file, parts[index]) && whole;
  pad(stored);
  struct stat now;
  const bool same = fstat(file, &now) == 0 && now.st_size == found->st_size &&
                    now.st_mtim.tv_sec == found->st_mtim.tv_sec && now.st_mtim.tv_nsec == found->st_mtim.tv_nsec;
  if (!whole || !same) report("changed", path);
}

static void put_entry(int folder, const char *name, const char *path, dev_t root);

static int compare_names(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Reads the names in a folder, sorted, so that the same root gives the same archive. Returns how many; -1 if it is gone. */
static ssize_t read_names(int folder, const char *path, char ***names) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? NULL : fdopendir(copy);
  size_t count = 0, room = 0;
  *names = NULL;
  if (stream == NULL) {
    if (copy >= 0 || errno != ENOENT) fail(1, "%s", path);
    return -1;
  }
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (count == room) {
      room = room * 2 + 64;
      *names = realloc(*names, room * sizeof **names);
      if (*names == NULL) fail(1, "%s", path);
    }
    (*names)[count] = strdup(entry->d_name);
    if ((*names)[count++] == NULL) fail(1, "%s", path);
  }
  closedir(stream);
  qsort(*names, count, sizeof **names, compare_names);
  return (ssize_t)count;
}

static void put_folder(int folder, const char *path, dev_t root) {
  char **names;
  const ssize_t count = read_names(folder, path, &names);
  if (count < 0) return report("vanished", path);
  for (ssize_t index = 0; index < count; index += 1) {
    char *below;
    if (asprintf(&below, "%s%s", path, names[index]) < 0) fail(1, "%s", path);
    put_entry(folder, names[index], below, root);
    free(below);
    free(names[index]);
  }
  free(names);
}

static bool stays_empty(const char *path) {
  for (size_t index = 0; index < sizeof EMPTY / sizeof *EMPTY; index += 1) {
    if (strcmp(path, EMPTY[index]) == 0) return true;
  }
  return false;
}

static void put_opened(int folder, const char *name, const char *path, const struct stat *found, dev_t root) {
  const bool is_folder = S_ISDIR(found->st_mode);
  /* Not waiting, for what became a pipe meanwhile. */
  const int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (is_folder ? O_DIRECTORY : 0));
  struct stat opened;
  if (file < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)) fail(1, "%s", path);
  if (file < 0 || fstat(file, &opened) != 0 || (opened.st_mode & S_IFMT) != (found->st_mode & S_IFMT)) {
    report("vanished", path);
    if (file >= 0) close(file);
    return;
  }
  if (!is_folder) {
    put_file(file, path, &opened);
    close(file);
    return;
  }
  struct header header;
  char *with_slash;
  if (asprintf(&with_slash, "%s/", path) < 0) fail(1, "%s", path);
  put_attributes(file);
  describe(&header, '5', with_slash, NULL, &opened);
  put_header(&header);
  if (opened.st_dev != root && !stays_empty(path)) report("mounted", path);
  if (opened.st_dev == root && !stays_empty(path)) put_folder(file, with_slash, root);
  free(with_slash);
  close(file);
}

static void put_entry(int folder, const char *name, const char *path, dev_t root) {
  struct stat found;
  struct header header;
  if (strlen(path) > LONGEST_PATH) return report("too-long", path);
  if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return report("vanished", path);
  if (S_ISDIR(found.st_mode)) return put_opened(folder, name, path, &found, root);
  if (!S_ISREG(found.st_mode) && !S_ISLNK(found.st_mode) && !S_ISFIFO(found.st_mode)) return;
  const char *earlier = earlier_path(path, &found);
  if (earlier != NULL) {
    describe(&header, '1', path, earlier, &found);
    put_header(&header);
  } else if (S_ISREG(found.st_mode)) {
    put_opened(folder, name, path, &found, root);
  } else if (S_ISFIFO(found.st_mode)) {
    describe(&header, '6', path, NULL, &found);
    put_header(&header);
  } else {
    char target[LONGEST_PATH + 1];
    const ssize_t size = readlinkat(folder, name, target, sizeof target - 1);
    if (size < 0) return report("vanished", path);
    target[size] = '\0';
    describe(&header, '2', path, target, &found);
    put_header(&header);
  }
}

/* snapshot: writes the archive of / to standard output, and what changed meanwhile to standard error. */
int snapshot(int count, char **words) {
  (void)words;
  if (count != 1) usage("snapshot");
  struct rlimit files;
  struct stat root;
  /* One descriptor for each folder on the way down. */
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  const int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0 || fstat(top, &root) != 0) fail(1, "/");
  errno = 0;
  put_folder(top, "", root.st_dev);
  put_zeros(2 * BLOCK);
  flush();
  if (reports > MOST_REPORTS) fprintf(stderr, "more %lu\n", reports - MOST_REPORTS);
  return 0;
}
