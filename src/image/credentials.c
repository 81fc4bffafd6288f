/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c - read docker's config.json, and ask the helper that it may name. */
#include "image/credentials.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#define CONFIG_MAX        ((size_t)1 << 20)
#define ANSWER_MAX        ((size_t)64 << 10)
#define HELPER_TIMEOUT_MS 30000

/* Owns: the caller; NULL when there is no home. */
static char *config_path(const char *dir)
{
	const char *home = getenv("HOME");

	if (hp_str_empty(dir))
		dir = getenv("DOCKER_CONFIG");
	if (!hp_str_empty(dir))
		return hp_path_join(dir, "config.json");
	return hp_str_empty(home) ? NULL : hp_path_join(home, ".docker/config.json");
}

static int read_answer(int fd, struct hp_buf *answer, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(HELPER_TIMEOUT_MS);

	for (;;) {
		uint8_t *room = hp_buf_reserve(answer, 4096, err);
		if (!room)
			return -1;
		const int got = hp_fd_poll(fd, POLLIN, hp_deadline_left_ms(deadline), err);
		if (got == 0)
			return hp_fail(err, HP_ETIMEOUT, "no answer within %d s",
				       HELPER_TIMEOUT_MS / 1000);
		const ssize_t n = got < 0 ? -1 : read(fd, room, 4096);
		if (n < 0)
			return err->code ? -1 : hp_fail(err, HP_EIO, "its answer is cut");
		if (n == 0)
			return 0;
		answer->len += (size_t)n;
	}
}

/* Start @program with "get" and the host's key on its stdin; its answer comes from *ret_out. */
static int start_helper(const char *program, const char *host, int *ret_out, pid_t *ret_pid,
			struct hp_error *err)
{
	const char *const argv[] = {program, "get", NULL};
	int to[2], from[2];

	if (hp_pipe(to, err) < 0)
		return -1;
	AUTO_CLOSE int to_read = to[0];
	AUTO_CLOSE int to_write = to[1];
	if (hp_pipe(from, err) < 0)
		return -1;
	AUTO_CLOSE int from_read = from[0];
	AUTO_CLOSE int from_write = from[1];
	const int fds[] = {to_read, from_write, STDERR_FILENO};
	const struct hp_child child = {
		.path = program, .argv = argv, .fds = fds, .n_fds = HP_ARRAY_LEN(fds)};
	AUTO_FREE char *key = hp_sprintf("%s\n", hp_docker_config_key(host));
	/* It fits into the pipe, so that nobody has to read yet. */
	if (hp_fd_write_all(to_write, key, strlen(key), err) < 0 ||
	    hp_child_start(&child, ret_pid, err) < 0)
		return -1;
	*ret_out = TAKE_FD(from_read);
	return 0;
}

/* From: docker-credential-helpers client/client.go: exit status 1 with this text is "none". */
static bool is_none(struct hp_bytes answer)
{
	return memmem(answer.data ? (const char *)answer.data : "", answer.len,
		      "credentials not found", strlen("credentials not found")) != NULL;
}

/* Returns: 1, 0 when the helper has nothing, -1. */
static int ask_helper(const char *helper, const char *host, struct hp_credentials *ret,
		      struct hp_error *err)
{
	AUTO_FREE char *program = hp_sprintf("docker-credential-%s", helper);
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf answer;
	AUTO_CLOSE int out = -1;
	int status = 0;
	pid_t pid = 0;

	hp_buf_init(&answer, ANSWER_MAX);
	if (start_helper(program, host, &out, &pid, err) < 0)
		return hp_wrap(err, "credential helper '%s'", program);
	if (read_answer(out, &answer, err) < 0 ||
	    hp_child_wait(pid, HELPER_TIMEOUT_MS, &status, err) < 0) {
		kill(pid, SIGKILL);
		if (hp_child_wait(pid, HELPER_TIMEOUT_MS, &status, &ignored) < 0)
			hp_error_clear(&ignored);
		return hp_wrap(err, "credential helper '%s'", program);
	}
	int rc = 0;
	if (status == 0)
		rc = hp_docker_config_read_answer(hp_buf_bytes(&answer), ret, err) < 0 ? -1 : 1;
	else if (!is_none(hp_buf_bytes(&answer)))
		rc = hp_fail(err, HP_EFAILED, "it ended with status %d: %.*s", status,
			     (int)(answer.len < 200 ? answer.len : 200),
			     answer.data ? (const char *)answer.data : "");
	if (answer.data)
		explicit_bzero(answer.data, answer.len);
	return rc < 0 ? hp_wrap(err, "credential helper '%s'", program) : rc;
}

int hp_credentials_find(const char *dir, const char *host, struct hp_credentials *ret,
			struct hp_error *err)
{
	AUTO_FREE char *path = config_path(dir);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_credentials_clear) struct hp_credentials found = {0};

	if (!path)
		return 0;
	if (hp_file_read(path, CONFIG_MAX, &text, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	const int got = hp_docker_config_find(hp_buf_bytes(&text), host, &found, err);
	if (text.data)
		explicit_bzero(text.data, text.len);
	if (got < 0)
		return hp_wrap(err, "'%s'", path);
	if (got > 0 && found.helper)
		return ask_helper(found.helper, host, ret, err);
	*ret = found;
	found = (struct hp_credentials){0};
	return got;
}
