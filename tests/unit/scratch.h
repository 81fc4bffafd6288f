/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.h - a directory that a unit test may fill, and a check that code ends the process. */
#pragma once
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "fds.h"

/* Make an empty directory. Owns: the caller, until scratch_free(). */
static inline char *scratch_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = hp_sprintf("%s/harpoon-test.XXXXXX", tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(path));
	return path;
}

static inline void scratch_free(char *path)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_remove_tree(path, &err) < 0)
		fail_msg("%s", err.msg);
	free(path);
}
HP_AUTO_PTR(char, scratch_free);

/* Write @text to the file @name in @dir. Returns: its path, owned by the caller. */
static inline char *scratch_file(const char *dir, const char *name, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	char *path = hp_path_join(dir, name);

	if (hp_file_write(path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.msg);
	return path;
}

static inline bool scratch_has(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Does fn() end the process, by abort() or by a sanitizer? */
static inline bool dies(void (*fn)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
