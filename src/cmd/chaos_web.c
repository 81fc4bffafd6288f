/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_web.c - a child that POSTs what it is sent over a socketpair, one message at a time. */
#include "cmd/chaos_web.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/http.h"
#include "wire/json.h"

/* A message is an URL, a newline, and the body. */
enum { MESSAGE_MAX = 128 * 1024, REPLY_MAX = 64 * 1024, ANSWER_MS = 10 * 1000 };

struct hp_chaos_web {
	pid_t pid;
	int sock;
	uint64_t dropped;
	const struct hp_chaos_log *log;
};

/* Wait until the transfer is done. */
static int await(struct hp_http *http, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(ANSWER_MS);
	struct hp_http_transfer *done = NULL;
	int rc = 0;

	while (rc == 0 && hp_deadline_left_ms(deadline) > 0)
		rc = hp_http_next(http, (int)hp_deadline_left_ms(deadline), &done, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return hp_fail(err, HP_ETIMEOUT, "no answer within %d s", ANSWER_MS / 1000);
	if (hp_http_failure(done)) {
		*err = *hp_http_failure(done);
		return -1;
	}
	if (hp_http_status(done) / 100 != 2)
		return hp_fail(err, HP_EIO, "it answers with status %d", hp_http_status(done));
	return 0;
}

static int post(struct hp_http *http, const char *url, const char *body, struct hp_error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	AUTO(hp_http_transfer_free) struct hp_http_transfer *t = NULL;
	const struct hp_http_request request = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = body,
		.max = REPLY_MAX,
	};

	if (hp_http_start(http, &request, &t, err) < 0)
		return -1;
	return await(http, err);
}

/* The child: post until nobody sends any more. */
static void serve(int sock, const struct hp_chaos_log *log)
{
	AUTO_FREE char *message = hp_alloc(MESSAGE_MAX + 1);
	AUTO(hp_http_free) struct hp_http *http = NULL;
	struct hp_error err = HP_ERROR_INIT;
	bool broken = hp_http_new(&(struct hp_http_config){0}, &http, &err) < 0;
	ssize_t n;

	/* Each refused message would be one line too many; the first says it all. */
	if (broken)
		hp_chaos_log(log, HP_CHAOS_WARNING, err.msg, NULL);
	while ((n = recv(sock, message, MESSAGE_MAX, 0)) > 0) {
		struct hp_error failure = HP_ERROR_INIT;
		AUTO(hp_labels_clear) struct hp_labels fields = {0};
		char *body;

		message[n] = '\0';
		body = strchr(message, '\n');
		if (!body || broken)
			continue;
		*body++ = '\0';
		if (post(http, message, body, &failure) == 0)
			continue;
		hp_labels_add(&fields, "error", failure.msg);
		hp_labels_add(&fields, "url", message);
		hp_chaos_log(log, HP_CHAOS_WARNING, "an event could not be posted", &fields);
	}
}

int hp_chaos_web_start(const struct hp_chaos_log *log, struct hp_chaos_web **ret,
		       struct hp_error *err)
{
	struct hp_chaos_log quiet = *log;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hp_fail_errno(err, errno, "make a socket for who posts events");
	pid = fork();
	if (pid < 0) {
		int sys = errno;
		close(pair[0]);
		close(pair[1]);
		return hp_fail_errno(err, sys, "start the process that posts events");
	}
	if (pid == 0) {
		/* Told to end when the other side closes, not by the terminal: what is under
		 * way then is the news of the end itself. */
		close(pair[0]);
		(void)setsid();
		prctl(PR_SET_NAME, "harpoon-post");
		/* What it says about posts must not be posted. */
		quiet.also = NULL;
		serve(pair[1], &quiet);
		_exit(0);
	}
	close(pair[1]);
	*ret = hp_alloc(sizeof(**ret));
	**ret = (struct hp_chaos_web){.pid = pid, .sock = pair[0], .log = log};
	return 0;
}

void hp_chaos_web_post(struct hp_chaos_web *w, const char *url, const char *body)
{
	AUTO_FREE char *message = hp_sprintf("%s\n%s", url, body);
	size_t len = strlen(message);

	if (len > MESSAGE_MAX || send(w->sock, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		w->dropped++;
}

static void tell_dropped(const struct hp_chaos_web *w)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	AUTO_FREE char *number = hp_sprintf("%llu", (unsigned long long)w->dropped);
	struct hp_chaos_log quiet = *w->log;

	if (w->dropped == 0)
		return;
	quiet.also = NULL;
	hp_labels_add(&fields, "count", number);
	hp_chaos_log(&quiet, HP_CHAOS_WARNING, "events came too fast to be posted", &fields);
}

void hp_chaos_web_end(struct hp_chaos_web *w, int64_t patience_ms)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;

	if (!w)
		return;
	close(w->sock);
	if (hp_child_wait(w->pid, patience_ms, &status, &err) < 0) {
		hp_error_clear(&err);
		kill(w->pid, SIGKILL);
		if (hp_child_wait(w->pid, 0, &status, &err) < 0)
			hp_error_clear(&err);
	}
	tell_dropped(w);
	free(w);
}

/* From: Slack's "secondary message attachments": words for colours. */
static const char *colour(enum hp_chaos_level level)
{
	if (level <= HP_CHAOS_ERROR)
		return "danger";
	return level == HP_CHAOS_WARNING ? "warning" : "good";
}

char *hp_chaos_slack_body(const char *channel, enum hp_chaos_level level, const char *msg,
			  const struct hp_labels *fields)
{
	AUTO(hp_json_free) struct hp_json *body = hp_json_object();
	struct hp_json *attachments = hp_json_array();
	struct hp_json *attachment = hp_json_object();
	struct hp_json *list = hp_json_array();

	for (size_t i = 0; fields && i < fields->count; i++) {
		struct hp_json *field = hp_json_object();
		hp_json_set_str(field, "title", fields->items[i].key);
		hp_json_set_str(field, "value", fields->items[i].value);
		hp_json_set_bool(field, "short", true);
		hp_json_add(list, field);
	}
	hp_json_set_str(attachment, "fallback", msg);
	hp_json_set_str(attachment, "text", msg);
	hp_json_set_str(attachment, "color", colour(level));
	hp_json_set(attachment, "fields", list);
	hp_json_add(attachments, attachment);
	hp_json_set_str(body, "username", "pumba_bot");
	hp_json_set_str(body, "icon_emoji", ":boar:");
	hp_json_set_str(body, "channel", channel);
	hp_json_set(body, "attachments", attachments);
	return hp_json_text(body, false);
}
