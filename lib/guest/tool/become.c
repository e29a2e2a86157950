/* Giving up root. */
#include "tool.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_GROUPS 256

static bool is_number(const char *text) { return *text != '\0' && strspn(text, "0123456789") == strlen(text); }

static gid_t group_id(const char *text) {
  struct group *found = getgrnam(text);
  if (found != NULL) return found->gr_gid;
  errno = 0;
  if (!is_number(text)) fail(126, "the guest has no group %s", text);
  return strtoul(text, NULL, 10);
}

/* The entry of a user's name or number; NULL for a number that has none. */
static struct passwd *entry_of(const char *name) {
  struct passwd *found = getpwnam(name);
  if (found == NULL && is_number(name)) found = getpwuid(strtoul(name, NULL, 10));
  errno = 0;
  if (found == NULL && !is_number(name)) fail(126, "the guest has no user %s", name);
  return found;
}

/* Returns the part before the colon, and the part behind it, NULL for none. */
static char *split(const char *user, char **group) {
  char *name = strdup(user);
  if (name == NULL) fail(126, "%s", user);
  *group = strchr(name, ':');
  if (*group != NULL) *(*group)++ = '\0';
  return name;
}

uid_t user_id(const char *user) {
  char *group, *name = split(user, &group);
  struct passwd *found = entry_of(name);
  uid_t uid = found == NULL ? strtoul(name, NULL, 10) : found->pw_uid;
  free(name);
  return uid;
}

void become(const char *user) {
  char *group, *name = split(user, &group);
  struct passwd *found = entry_of(name);
  uid_t uid = found == NULL ? strtoul(name, NULL, 10) : found->pw_uid;
  gid_t gid = found == NULL ? 0 : found->pw_gid;
  gid_t groups[MOST_GROUPS];
  int count = 1;
  groups[0] = gid;
  if (group != NULL) {
    groups[0] = gid = group_id(group);
  } else if (found != NULL) {
    count = MOST_GROUPS;
    if (getgrouplist(found->pw_name, gid, groups, &count) < 0) fail(126, "%s is in too many groups", name);
  }
  if (setgroups(count, groups) != 0 || setgid(gid) != 0 || setuid(uid) != 0) fail(126, "cannot become %s", user);
  errno = 0;
  if (uid != 0 && setuid(0) == 0) fail(126, "%s could become root again", user);
  free(name);
}
