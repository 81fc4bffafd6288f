/* SPDX-License-Identifier: Apache-2.0 */
/* posix.c - posix-probe DIRECTORY [CHECK...]: does the file system at DIRECTORY do what programs
 * expect? A line a check; the exit status is how many failed. */
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static const struct probe *const lists[] = {probes_names, probes_owners, probes_data,
					    probes_special};

int probe_write(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	return close(fd) == 0 && n == (ssize_t)strlen(text) ? 0 : -1;
}

bool probe_holds(const char *name, const char *text)
{
	char seen[4096];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, seen, sizeof(seen));
	close(fd);
	return n == (ssize_t)strlen(text) && memcmp(seen, text, (size_t)n) == 0;
}

int probe_as_user(int (*fn)(const void *arg), const void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		gid_t group = PROBE_USER;

		if (setgroups(1, &group) < 0 || setgid(PROBE_USER) < 0 ||
		    setuid(PROBE_USER) < 0)
			_exit(255);
		_exit(fn(arg));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* In a child, in the new directory @name. What it found comes back through a pipe. */
static int run_in(const struct probe *p, int found[2])
{
	pid_t pid;
	int pipe_fds[2];
	int status = 0;

	if (pipe(pipe_fds) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		umask(022);
		errno = 0;
		found[0] = mkdir(p->name, 0755) < 0 || chdir(p->name) < 0 ? __LINE__ : p->run();
		found[1] = errno;
		if (write(pipe_fds[1], found, 2 * sizeof(int)) != 2 * sizeof(int))
			_exit(1);
		_exit(0);
	}
	close(pipe_fds[1]);
	if (read(pipe_fds[0], found, 2 * sizeof(int)) != 2 * sizeof(int)) {
		found[0] = -1;
		found[1] = 0;
	}
	close(pipe_fds[0]);
	return waitpid(pid, &status, 0) == pid ? 0 : -1;
}

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* Returns: 1 when it failed. */
static int run(const struct probe *p)
{
	int found[2] = {-1, 0};

	if (run_in(p, found) == 0 && found[0] == 0) {
		printf("ok %s\n", p->name);
		return 0;
	}
	printf("FAIL %s: line %d: %s\n", p->name, found[0], strerror(found[1]));
	return 1;
}

int main(int argc, char **argv)
{
	char base[] = "posix-probe.XXXXXX";
	int failed = 0;

	/* What a check executes is this program again. */
	if (argc == 2 && strcmp(argv[1], "--true") == 0)
		return 0;
	if (argc < 2 || chdir(argv[1]) < 0 || !mkdtemp(base) || chmod(base, 0755) < 0 ||
	    chdir(base) < 0) {
		fprintf(stderr, "usage: posix-probe DIRECTORY [CHECK...]\n");
		return 255;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct probe *p = lists[i]; p->name; p++)
			failed += is_wanted(p->name, argv + 2) ? run(p) : 0;
	return failed < 255 ? failed : 254;
}
