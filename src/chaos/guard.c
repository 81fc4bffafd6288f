/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - the run's side of a guard, and the messages between them. */
#include "chaos/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"

/* A message is one packet. Output is cut to 16 KiB by who reads it, and JSON may make six bytes of
 * each. */
#define MESSAGE_MAX (128u << 10)

void hp_guard_news_clear(struct hp_guard_news *news)
{
	hp_labels_clear(&news->effects);
	free(news->output);
	*news = (struct hp_guard_news){0};
}

struct hp_json *hp_guard_news_to_json(const struct hp_guard_news *news)
{
	struct hp_json *o = hp_json_object();
	struct hp_json *effects = hp_json_object();

	hp_json_set_i64(o, "what", news->what);
	hp_json_set_i64(o, "code", news->err.code);
	hp_json_set_i64(o, "sys", news->err.sys);
	hp_json_set_str(o, "msg", news->err.msg);
	if (news->output)
		hp_json_set_str(o, "output", news->output);
	for (size_t i = 0; i < news->effects.count; i++)
		hp_json_set_str(effects, news->effects.items[i].key,
				news->effects.items[i].value);
	hp_json_set(o, "effects", effects);
	return o;
}

int hp_guard_news_from_json(const struct hp_json *message, struct hp_guard_news *ret,
			    struct hp_error *err)
{
	int64_t what = hp_json_i64(hp_json_get(message, "what"), -1);
	const char *msg = hp_json_get_str(message, "msg");
	const struct hp_json *effects = hp_json_get(message, "effects");

	if (what < HP_GUARD_APPLIED || what > HP_GUARD_DIED || !msg)
		return hp_fail(err, HP_EPROTO, "a guard said something that makes no sense");
	*ret = (struct hp_guard_news){.what = (enum hp_guard_what)what};
	ret->err.code = (enum hp_code)hp_json_i64(hp_json_get(message, "code"), HP_OK);
	ret->err.sys = (int)hp_json_i64(hp_json_get(message, "sys"), 0);
	snprintf(ret->err.msg, sizeof(ret->err.msg), "%s", msg);
	ret->output = hp_strdup(hp_json_get_str(message, "output"));
	for (size_t i = 0; i < hp_json_count(effects); i++) {
		const char *value = hp_json_str(hp_json_value_at(effects, i));
		hp_labels_add(&ret->effects, hp_json_key_at(effects, i), value ? value : "");
	}
	return 0;
}

int hp_guard_start(struct hp_fault *take_fault, struct hp_guard *ret, struct hp_error *err)
{
	AUTO(hp_fault_free) struct hp_fault *f = take_fault;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hp_fail_errno(err, errno, "make a socketpair for a guard");
	AUTO_CLOSE int ours = pair[0];
	AUTO_CLOSE int theirs = pair[1];
	if (hp_fd_set_nonblock(ours, true, err) < 0)
		return -1;
	pid_t pid = fork();
	if (pid < 0)
		return hp_fail_errno(err, errno, "fork a guard for container '%s'",
				     f->container->name);
	if (pid == 0)
		hp_guard_main(f, theirs);
	*ret = (struct hp_guard){.pid = pid, .fd = TAKE_FD(ours), .fault = TAKE(f)};
	return 0;
}

void hp_guard_clear(struct hp_guard *g)
{
	if (g->fd >= 0)
		close(g->fd);
	if (g->pid > 0)
		while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
			;
	hp_fault_free(g->fault);
	*g = (struct hp_guard){.fd = -1};
}

void hp_guard_forget(struct hp_guard *g)
{
	g->pid = 0;
	hp_guard_clear(g);
}

void hp_guard_release(struct hp_guard *g)
{
	/* The guard reads this as the end of all that we had to say. */
	(void)shutdown(g->fd, SHUT_WR);
}

void hp_guard_abandon(struct hp_guard *g)
{
	if (g->pid > 0 && !g->over)
		kill(g->pid, SIGKILL);
}

static bool is_last(const struct hp_guard *g, enum hp_guard_what what)
{
	return what != HP_GUARD_UNDOING &&
	       (what != HP_GUARD_APPLIED || !g->fault->action->undo);
}

static int take(struct hp_guard *g, const char *text, ssize_t len, struct hp_guard_news *ret)
{
	AUTO(hp_json_free) struct hp_json *message = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (len <= 0 || hp_json_parse(HP_BYTES(text, (size_t)len), &message, &err) < 0 ||
	    hp_guard_news_from_json(message, ret, &err) < 0)
		*ret = (struct hp_guard_news){.what = HP_GUARD_DIED};
	g->applied = g->applied || ret->what == HP_GUARD_APPLIED;
	g->over = is_last(g, ret->what);
	return HP_NEXT_ITEM;
}

int hp_guard_next(struct hp_guard *g, struct hp_guard_news *ret)
{
	AUTO_FREE char *text = NULL;
	ssize_t len;

	if (g->over)
		return HP_NEXT_END;
	text = hp_alloc(MESSAGE_MAX);
	do
		len = recv(g->fd, text, MESSAGE_MAX, 0);
	while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return HP_NEXT_WAIT;
	return take(g, text, len, ret);
}
