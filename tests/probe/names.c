/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - checks of names: making, moving, linking, listing and removing them. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* From: renameat2(2). musl has no wrapper. */
#define NOREPLACE 1
#define EXCHANGE  2
#define MANY      5000

static int rename2(const char *from, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static ino_t number(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? st.st_ino : 0;
}

static int create_exclusive(void)
{
	int fd = open("a", O_CREAT | O_EXCL | O_RDWR, 0600);

	WANT(fd >= 0);
	WANT_ERRNO(open("a", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	WANT(open("a", O_CREAT | O_RDWR, 0600) >= 0);
	WANT_ERRNO(open("none/a", O_CREAT | O_RDWR, 0600), ENOENT);
	WANT_ERRNO(open("a/b", O_CREAT | O_RDWR, 0600), ENOTDIR);
	WANT_ERRNO(open(".", O_RDWR), EISDIR);
	return 0;
}

static int missing_then_made(void)
{
	for (int i = 0; i < 3; i++) {
		WANT_ERRNO(open("a", O_RDONLY), ENOENT);
		WANT(probe_write("a", "x") == 0);
		WANT(probe_holds("a", "x"));
		WANT(unlink("a") == 0);
		WANT_ERRNO(mkdir("d/e", 0755), ENOENT);
		WANT(mkdir("d", 0755) == 0 && rmdir("d") == 0);
	}
	return 0;
}

static int rename_replaces(void)
{
	int old;

	WANT(probe_write("a", "one") == 0 && probe_write("b", "two") == 0);
	old = open("b", O_RDONLY);
	WANT(rename("a", "b") == 0);
	WANT(!exists("a") && probe_holds("b", "one"));
	char seen[4] = "";
	WANT(read(old, seen, 3) == 3 && strcmp(seen, "two") == 0);
	return 0;
}

static int rename_noreplace(void)
{
	WANT(probe_write("a", "one") == 0 && probe_write("b", "two") == 0);
	WANT_ERRNO(rename2("a", "b", NOREPLACE), EEXIST);
	WANT(probe_holds("b", "two"));
	WANT(rename2("a", "c", NOREPLACE) == 0 && probe_holds("c", "one"));
	return 0;
}

static int rename_exchange(void)
{
	WANT(probe_write("a", "one") == 0 && mkdir("d", 0755) == 0);
	WANT(probe_write("d/in", "x") == 0);
	WANT(rename2("a", "d", EXCHANGE) == 0);
	WANT(probe_holds("d", "one") && probe_holds("a/in", "x"));
	WANT_ERRNO(rename2("a", "none", EXCHANGE), ENOENT);
	return 0;
}

static int rename_directories(void)
{
	WANT(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("b/c", 0755) == 0);
	WANT(rename("a", "b") < 0 && (errno == ENOTEMPTY || errno == EEXIST));
	WANT_ERRNO(rename("b", "b/c/d"), EINVAL);
	WANT(rename("b", "a") == 0 && exists("a/c"));
	WANT(probe_write("f", "x") == 0);
	WANT_ERRNO(rename("f", "a"), EISDIR);
	WANT_ERRNO(rename("a", "f"), ENOTDIR);
	return 0;
}

static int rename_while_open(void)
{
	int dir;

	WANT(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0 && mkdir("z", 0755) == 0);
	dir = open("a/b", O_RDONLY | O_DIRECTORY);
	WANT(dir >= 0 && rename("a", "z/y") == 0);
	WANT(openat(dir, "file", O_CREAT | O_RDWR, 0600) >= 0);
	WANT(exists("z/y/b/file") && !exists("a"));
	WANT(fchdir(dir) == 0 && exists("../../../z") && exists("../b/file"));
	return 0;
}

static int hard_links(void)
{
	struct stat a;
	struct stat b;

	WANT(probe_write("a", "x") == 0 && link("a", "b") == 0);
	WANT(stat("a", &a) == 0 && stat("b", &b) == 0);
	WANT(a.st_ino == b.st_ino && a.st_nlink == 2 && b.st_nlink == 2);
	WANT(probe_write("b", "longer") == 0 && probe_holds("a", "longer"));
	WANT_ERRNO(link("a", "b"), EEXIST);
	WANT(mkdir("d", 0755) == 0);
	WANT_ERRNO(link("d", "e"), EPERM);
	WANT(unlink("a") == 0 && stat("b", &b) == 0 && b.st_nlink == 1);
	WANT(symlink("b", "s") == 0 && link("s", "t") == 0 && number("s") == number("t"));
	return 0;
}

static int symlinks(void)
{
	char target[1001];
	char seen[2000];

	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	WANT(symlink(target, "long") == 0);
	WANT(readlink("long", seen, sizeof(seen)) == (ssize_t)strlen(target));
	WANT(memcmp(seen, target, strlen(target)) == 0);
	WANT(symlink("loop", "loop") == 0);
	WANT_ERRNO(open("loop", O_RDONLY), ELOOP);
	WANT(probe_write("a", "x") == 0 && symlink("a", "b") == 0 && probe_holds("b", "x"));
	WANT_ERRNO(open("b", O_RDONLY | O_NOFOLLOW), ELOOP);
	WANT(mkdir("d", 0755) == 0 && symlink("../a", "d/up") == 0 && probe_holds("d/up", "x"));
	WANT(unlink("b") == 0 && symlink("d", "b") == 0 && exists("b/up"));
	return 0;
}

static int long_names(void)
{
	char name[257];

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	WANT_ERRNO(mkdir(name, 0755), ENAMETOOLONG);
	name[255] = '\0';
	WANT(mkdir(name, 0755) == 0 && chdir(name) == 0 && chdir("..") == 0);
	WANT(rename(name, "short") == 0 && rename("short", name) == 0 && rmdir(name) == 0);
	return 0;
}

static int odd_names(void)
{
	static const char *const names[] = {"...", " ", "\n", "\xff\xfe", "-rf", "..a", "*"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		WANT(probe_write(names[i], "x") == 0 && probe_holds(names[i], "x"));
	return 0;
}

static int deep_directories(void)
{
	for (int i = 0; i < 300; i++)
		WANT(mkdir("directory-of-many", 0755) == 0 && chdir("directory-of-many") == 0);
	WANT(probe_write("bottom", "x") == 0 && probe_holds("bottom", "x"));
	WANT(unlink("bottom") == 0);
	/* Nothing may stay: its path is longer than PATH_MAX, so a plain rm could not take it away. */
	for (int i = 0; i < 300; i++)
		WANT(chdir("..") == 0 && rmdir("directory-of-many") == 0);
	return 0;
}

static int remove_directories(void)
{
	WANT(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
	WANT(rmdir("a") < 0 && (errno == ENOTEMPTY || errno == EEXIST));
	WANT_ERRNO(unlink("a"), EISDIR);
	WANT(probe_write("f", "x") == 0);
	WANT_ERRNO(rmdir("f"), ENOTDIR);
	WANT(rmdir("a/b") == 0 && rmdir("a") == 0);
	WANT_ERRNO(rmdir("a"), ENOENT);
	return 0;
}

static int removed_directory_in_use(void)
{
	struct stat st;
	char path[PATH_MAX];

	WANT(mkdir("a", 0755) == 0 && chdir("a") == 0 && rmdir("../a") == 0);
	WANT(stat(".", &st) == 0 && S_ISDIR(st.st_mode));
	WANT_ERRNO(open("f", O_CREAT | O_RDWR, 0600), ENOENT);
	errno = 0;
	WANT(!getcwd(path, sizeof(path)) && errno == ENOENT);
	return 0;
}

static int fill_directory(void)
{
	char name[32];

	for (int i = 0; i < MANY; i++) {
		int fd;

		snprintf(name, sizeof(name), "file-%d", i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
		WANT(fd >= 0 && close(fd) == 0);
	}
	return 0;
}

/* List ".", and do @each to every entry. Returns: how many there were. */
static int list(int (*each)(const char *name))
{
	DIR *dir = opendir(".");
	int n = 0;

	for (const struct dirent *e; dir && (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			n += !each || each(e->d_name) == 0 ? 1 : 0;
	if (dir)
		closedir(dir);
	return n;
}

static int many_entries(void)
{
	int line = fill_directory();

	WANT(line == 0 || (fprintf(stderr, "line %d\n", line), false));
	WANT(list(NULL) == MANY);
	WANT(list(NULL) == MANY);
	/* Removing what is being listed must not hide the rest. */
	WANT(list(unlink) == MANY);
	WANT(list(NULL) == 0);
	return 0;
}

static int listing_tells_numbers(void)
{
	DIR *dir;
	int seen = 0;

	WANT(probe_write("a", "x") == 0 && mkdir("d", 0755) == 0 && symlink("a", "s") == 0);
	dir = opendir(".");
	WANT(dir);
	for (const struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, "..") == 0)
			continue;
		WANT(e->d_ino == number(e->d_name));
		if (strcmp(e->d_name, "d") == 0)
			WANT(e->d_type == DT_DIR || e->d_type == DT_UNKNOWN);
		seen++;
	}
	WANT(seen == 4);
	return 0;
}

static int seek_in_listing(void)
{
	DIR *dir;
	const struct dirent *e;
	char second[256];
	long at;

	WANT(probe_write("a", "") == 0 && probe_write("b", "") == 0 &&
	     probe_write("c", "") == 0);
	dir = opendir(".");
	WANT(dir && readdir(dir));
	at = telldir(dir);
	e = readdir(dir);
	WANT(e);
	snprintf(second, sizeof(second), "%s", e->d_name);
	while (readdir(dir))
		;
	seekdir(dir, at);
	e = readdir(dir);
	WANT(e && strcmp(e->d_name, second) == 0);
	rewinddir(dir);
	WANT(probe_write("d", "") == 0);
	return list(NULL) == 4 ? 0 : __LINE__;
}

static int link_counts_of_directories(void)
{
	struct stat before;
	struct stat after;

	WANT(stat(".", &before) == 0 && mkdir("a", 0755) == 0 && stat(".", &after) == 0);
	/* Some file systems, overlays among them, do not count: then it is 1 for good. */
	WANT(after.st_nlink == before.st_nlink + 1 ||
	     (before.st_nlink == 1 && after.st_nlink == 1));
	return 0;
}

const struct probe probes_names[] = {
	{"create-exclusive", create_exclusive},
	{"missing-then-made", missing_then_made},
	{"rename-replaces", rename_replaces},
	{"rename-noreplace", rename_noreplace},
	{"rename-exchange", rename_exchange},
	{"rename-directories", rename_directories},
	{"rename-while-open", rename_while_open},
	{"hard-links", hard_links},
	{"symlinks", symlinks},
	{"long-names", long_names},
	{"odd-names", odd_names},
	{"deep-directories", deep_directories},
	{"remove-directories", remove_directories},
	{"removed-directory-in-use", removed_directory_in_use},
	{"many-entries", many_entries},
	{"listing-tells-numbers", listing_tells_numbers},
	{"seek-in-listing", seek_in_listing},
	{"link-counts-of-directories", link_counts_of_directories},
	{0},
};
