/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_execute.c - make a plan of what was parsed, and have it executed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "chaos/run.h"
#include "chaos/select.h"
#include "cmd/chaos.h"
#include "cmd/chaos_tell.h"

/* How long the end waits for those who are told of it. */
#define POST_PATIENCE_MS 5000

/* A pattern is a single argument that begins so. From: Pumba 1.1. */
#define PATTERN "re2:"

/* What a plan borrows. */
struct owned {
	struct hp_json *args;
	struct hp_strv labels;
	char *run_id;
};

static void owned_clear(struct owned *o)
{
	hp_json_free(o->args);
	hp_strv_free(&o->labels);
	free(o->run_id);
}
HP_AUTO_VALUE(struct owned, owned_clear);

/* A number by chance that every reader of JSON can hold. */
static int draw(uint64_t *ret, struct hp_error *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return hp_fail_errno(err, errno, "get random bytes");
	*ret = number >> 11;
	return 0;
}

/* "a=b, c" of each --label, without the blanks around. */
static void split_labels(const struct hp_strv *given, struct hp_strv *ret)
{
	for (size_t i = 0; i < given->count; i++) {
		AUTO(hp_strv_free) struct hp_strv parts = {0};

		hp_strv_split(&parts, given->items[i], ',');
		for (size_t j = 0; j < parts.count; j++) {
			const char *from = parts.items[j] + strspn(parts.items[j], " \t");
			size_t len = strlen(from);

			while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
				len--;
			if (len > 0)
				hp_strv_take(ret, hp_strndup(from, len));
		}
	}
}

/* A pattern that is none matches nothing, as with Pumba; but whoever wrote it is told. */
static void check_pattern(const struct hp_chaos *c, const char *text)
{
	AUTO(hp_pattern_free) struct hp_pattern *pattern = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_pattern_new(text, &pattern, &err) < 0)
		hp_chaos_log(&c->log, HP_CHAOS_WARNING, err.msg, NULL);
}

static int fill_selector(const struct hp_chaos_use *use, struct owned *o, struct hp_plan *plan,
			 struct hp_error *err)
{
	const char *const *names = use->operands;

	split_labels(&use->chaos->globals.labels, &o->labels);
	plan->select.labels = hp_strv_view(&o->labels);
	plan->select.random = use->chaos->globals.random;
	if (plan->select.limit < 0)
		return hp_fail(err, HP_EUSAGE, "invalid limit: it is negative");
	if (names[0] && !names[1] && hp_str_starts(names[0], PATTERN))
		plan->select.pattern = names[0] + strlen(PATTERN);
	else if (names[0])
		plan->select.names = names;
	else if (plan->action->flags & HP_ACTION_NEEDS_TARGET)
		return hp_fail(err, HP_EUSAGE,
			       "container name, list of names, or RE2 regex is required");
	if (plan->select.pattern)
		check_pattern(use->chaos, plan->select.pattern);
	return 0;
}

static int fill_run(const struct hp_chaos *c, struct owned *o, struct hp_plan *plan,
		    struct hp_error *err)
{
	const struct hp_chaos_globals *g = &c->globals;
	uint64_t number = 0;

	if (draw(&plan->schedule.seed, err) < 0 || draw(&number, err) < 0)
		return -1;
	if (hp_pflags_given(hp_chaos_flags, g, offsetof(struct hp_chaos_globals, seed)))
		plan->schedule.seed = (uint64_t)g->seed;
	o->run_id = g->run_id[0] ? hp_strdup(g->run_id)
				 : hp_sprintf("run%012llx", (unsigned long long)number >> 5);
	plan->run_id = o->run_id;
	plan->schedule.interval_min_ns = g->interval.min_ns;
	plan->schedule.interval_max_ns = g->interval.max_ns;
	plan->schedule.start_delay_ns = g->start_delay_ns;
	plan->schedule.count = g->count;
	plan->schedule.max_total_ns = g->max_duration_ns;
	plan->dry_run = g->dry_run;
	plan->skip_error = g->skip_error;
	plan->fail_if_none = g->fail_if_none;
	plan->follow = g->follow;
	plan->allow_host = g->allow_host;
	return 0;
}

static void slack(void *arg, enum hp_chaos_level level, const char *msg,
		  const struct hp_labels *fields)
{
	const struct hp_chaos_telling *t = arg;
	AUTO_FREE char *body = hp_chaos_slack_body(t->slack_channel, level, msg, fields);

	hp_chaos_web_post(t->web, t->slack_hook, body);
}

/* Who waits hours for a report wants to know before that it cannot be written. What is there stays
 * until then. */
static int check_report(const char *path, struct hp_error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? hp_fail_errno(err, errno, "write a report to '%s'", path) : 0;
}

static int begin_telling(struct hp_chaos *c, struct hp_chaos_telling *t, struct hp_error *err)
{
	const struct hp_chaos_globals *g = &c->globals;

	*t = (struct hp_chaos_telling){
		.log = &c->log,
		.ndjson = hp_str_eq(g->output, "ndjson"),
		.webhook = g->webhook,
		.slack_hook = g->slack_hook,
		.slack_channel = g->slack_channel,
	};
	if (g->report[0] && check_report(g->report, err) < 0)
		return -1;
	t->report = g->report[0] ? hp_report_new() : NULL;
	if (!g->webhook[0] && !g->slack_hook[0])
		return 0;
	if (hp_chaos_web_start(&c->log, &t->web, err) < 0)
		return -1;
	if (g->slack_hook[0]) {
		c->log.also = slack;
		c->log.arg = t;
	}
	return 0;
}

static int end_telling(struct hp_chaos *c, struct hp_chaos_telling *t, struct hp_error *err)
{
	int rc = 0;

	c->log.also = NULL;
	hp_chaos_web_end(t->web, POST_PATIENCE_MS);
	if (t->report)
		rc = hp_report_write(t->report, c->globals.report, err);
	hp_report_free(t->report);
	return rc;
}

/* Signals that end a run come by a descriptor while it goes on. */
static int take_signals(sigset_t *ret_before, int *ret_fd, struct hp_error *err)
{
	sigset_t set;

	/* Shells have what they start in the background ignore these; what is broken must be put
	 * back all the same. SIGHUP stays as it is, for nohup(1). */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, ret_before);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? hp_fail_errno(err, errno, "make a signalfd") : 0;
}

static int execute(struct hp_chaos *c, const struct hp_plan *plan, struct hp_error *err)
{
	AUTO(hp_engine_free) struct hp_engine *engine = NULL;
	struct hp_client_config config = {0};
	struct hp_chaos_telling telling = {0};
	struct hp_error report_err = HP_ERROR_INIT;
	AUTO_CLOSE int signals = -1;
	sigset_t before;

	if (hp_chaos_engine(c, &engine, &config, err) < 0)
		return -1;
	if (take_signals(&before, &signals, err) < 0)
		return -1;
	int rc = begin_telling(c, &telling, err);
	if (rc == 0) {
		const struct hp_chaos_run run = {
			.plan = plan,
			.engine = engine,
			.config = &config,
			.tell = hp_chaos_tell,
			.arg = &telling,
			.stop_fd = signals,
		};
		rc = hp_chaos_run(&run, err);
		if (rc < 0)
			hp_wrap(err, "running %s: error running chaos command",
				plan->action->name);
	}
	if (end_telling(c, &telling, rc < 0 ? &report_err : err) < 0)
		rc = -1;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int hp_chaos_execute(const struct hp_chaos_use *use, const struct hp_chaos_cmd *cmd,
		     struct hp_error *err)
{
	AUTO(owned_clear) struct owned o = {0};
	struct hp_plan plan = {0};

	if (cmd->plan(use, &plan, &o.args, err) < 0)
		return -1;
	plan.args = o.args;
	if (fill_selector(use, &o, &plan, err) < 0 || fill_run(use->chaos, &o, &plan, err) < 0)
		return -1;
	return execute(use->chaos, &plan, err);
}
