/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-world.h - run the whole program in a child, on the fake engine, and keep what it printed. */
#pragma once
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cli.h"
#include "fds.h"

enum { SAID_BYTES = 256 * 1024, SOON_S = 20 };

struct said {
	int status; /* exit status, or 128 + signal */
	char out[SAID_BYTES];
	char err[SAID_BYTES];
};

static inline void read_back(int fd, char *text)
{
	ssize_t n = pread(fd, text, SAID_BYTES - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
}

/* Wait for its end; its exit status, or 128 + signal. SIGALRM would be passed on to a container, so
 * the time is watched from here. */
static inline int await_child(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < SOON_S * 200; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		usleep(5000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	fail_msg("it did not end within %d s", SOON_S);
	return -1;
}

/* Run it with @input as its stdin; argv ends with NULL. It may take SOON_S seconds. */
static inline const struct said *say_input(const char *input, const char *const *argv)
{
	static struct said said;
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);

	assert_int_equal(write(in, input, strlen(input)), (ssize_t)strlen(input));
	lseek(in, 0, SEEK_SET);
	fflush(stdout);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(in, 0);
		dup2(out, 1);
		dup2(err, 2);
		setenv("HARPOON_ENGINE", "fake", 1);
		unsetenv("CONTAINERD_ADDRESS");
		int rc = hp_cli_main(argv, "/bin/true");
		fflush(stdout);
		_exit(rc);
	}
	said.status = await_child(pid);
	read_back(out, said.out);
	read_back(err, said.err);
	close(in);
	close(out);
	close(err);
	return &said;
}

#define SAY(...) say_input("", (const char *const[]){"harpoon", __VA_ARGS__, NULL})
#define SAY_INPUT(text, ...)                                                                   \
	say_input((text), (const char *const[]){"harpoon", __VA_ARGS__, NULL})

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}
