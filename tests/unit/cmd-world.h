/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-world.h - run the whole program in a child, on the fake engine, and keep what it printed. */
#pragma once
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

/* Run it with @input as its stdin; argv ends with NULL. It may take SOON_S seconds. */
static inline const struct said *say_input(const char *input, const char *const *argv)
{
	static struct said said;
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	int status = 0;

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
		alarm(SOON_S);
		int rc = hp_cli_main(argv);
		fflush(stdout);
		_exit(rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
