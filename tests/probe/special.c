/* SPDX-License-Identifier: Apache-2.0 */
/* special.c - checks of what is no plain file, and of executing, watching and naming by handle. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static int fifos(void)
{
	struct stat st;
	char seen[8] = "";
	int fd;

	WANT(mkfifo("p", 0600) == 0 && stat("p", &st) == 0 && S_ISFIFO(st.st_mode));
	fd = open("p", O_RDWR | O_NONBLOCK);
	WANT(fd >= 0 && write(fd, "through", 7) == 7 && read(fd, seen, 8) == 7);
	WANT(memcmp(seen, "through", 7) == 0);
	return 0;
}

static int sockets(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct stat st;
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	int peer;
	char seen[4] = "";

	WANT(bind(server, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	     listen(server, 1) == 0);
	WANT(stat("socket", &st) == 0 && S_ISSOCK(st.st_mode));
	WANT(connect(client, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	peer = accept(server, NULL, NULL);
	WANT(peer >= 0 && write(client, "hi", 2) == 2 && read(peer, seen, 4) == 2);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	WANT_ERRNO(bind(client, (struct sockaddr *)&addr, sizeof(addr)), EADDRINUSE);
	return 0;
}

static int devices(void)
{
	struct stat st;
	int fd;

	WANT(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	WANT(stat("null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	WANT(mknod("block", S_IFBLK | 0600, makedev(259, 300)) == 0);
	WANT(stat("block", &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == makedev(259, 300));
	WANT(mknod("plain", S_IFREG | 0600, 0) == 0 && probe_holds("plain", ""));
	/* A mount or a policy may not let devices be opened; then it says so. */
	fd = open("null", O_RDWR);
	WANT(fd >= 0 ? write(fd, "x", 1) == 1 : errno == EACCES || errno == EPERM);
	return 0;
}

static int temporary_files(void)
{
	struct stat st;
	char path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	WANT(fd >= 0 && write(fd, "x", 1) == 1 && fstat(fd, &st) == 0 && st.st_nlink == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	WANT(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
	WANT(probe_holds("named", "x") && fstat(fd, &st) == 0 && st.st_nlink == 1);
	return 0;
}

/* Copy this program to @name. */
static int copy_self(const char *name)
{
	char block[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	ssize_t n;

	WANT(from >= 0 && to >= 0);
	while ((n = read(from, block, sizeof(block))) > 0)
		WANT(write(to, block, (size_t)n) == n);
	WANT(n == 0 && close(to) == 0 && close(from) == 0);
	return 0;
}

static int run(const char *name)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl(name, name, "--true", (char *)NULL);
		_exit(126);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int executing(void)
{
	WANT(copy_self("program") == 0 && run("./program") == 0);
	WANT(chmod("program", 0644) == 0 && run("./program") == 126);
	WANT(chmod("program", 0755) == 0 && rename("program", "other") == 0);
	WANT(run("./other") == 0);
	return 0;
}

static int busy_programs(void)
{
	int fd;

	WANT(copy_self("program") == 0);
	fd = open("program", O_WRONLY);
	/* From: execve(2), ETXTBSY. */
	WANT(fd >= 0 && run("./program") == 126);
	WANT(close(fd) == 0 && run("./program") == 0);
	return 0;
}

static int watching(void)
{
	struct {
		struct inotify_event event;
		char name[256];
	} seen = {0};
	int fd = inotify_init1(IN_NONBLOCK);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	WANT(fd >= 0 && inotify_add_watch(fd, ".", IN_CREATE) >= 0);
	WANT(probe_write("a", "x") == 0 && poll(&poll_fd, 1, 1000) == 1);
	WANT(read(fd, &seen, sizeof(seen)) > 0 && (seen.event.mask & IN_CREATE));
	WANT(strcmp(seen.event.name, "a") == 0);
	return 0;
}

static int sizes_of_file_systems(void)
{
	struct statvfs st;

	WANT(statvfs(".", &st) == 0 && st.f_blocks > 0 && st.f_bsize > 0);
	WANT(st.f_namemax == 255 && st.f_bavail <= st.f_blocks);
	return 0;
}

static int opened_by_path_only(void)
{
	struct stat st;
	int dir;
	int fd;

	WANT(mkdir("d", 0755) == 0 && probe_write("d/a", "x") == 0);
	dir = open("d", O_PATH | O_DIRECTORY);
	WANT(dir >= 0 && rename("d", "e") == 0);
	fd = openat(dir, "a", O_RDONLY);
	WANT(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 1);
	WANT_ERRNO(open("e/a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	WANT(faccessat(dir, "a", R_OK, 0) == 0 && fchdir(dir) == 0 && probe_holds("a", "x"));
	return 0;
}

/* From: name_to_handle_at(2). musl has no wrapper. An overlay of the host has no handles. */
static int handles(void)
{
	struct {
		unsigned bytes;
		int type;
		unsigned char handle[128];
	} handle = {.bytes = 128};
	int mount;

	WANT(probe_write("a", "x") == 0);
	WANT(syscall(SYS_name_to_handle_at, AT_FDCWD, "a", &handle, &mount, 0) == 0);
	WANT(handle.bytes > 0);
	return 0;
}

const struct probe probes_special[] = {
	{"fifos", fifos},
	{"sockets", sockets},
	{"devices", devices},
	{"temporary-files", temporary_files},
	{"executing", executing},
	{"busy-programs", busy_programs},
	{"watching", watching},
	{"sizes-of-file-systems", sizes_of_file_systems},
	{"opened-by-path-only", opened_by_path_only},
	{"handles", handles},
	{0},
};
