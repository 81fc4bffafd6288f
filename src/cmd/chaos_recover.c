/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_recover.c - chaos recover and revert: undo what is held by nobody, or by a run. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "chaos/undo.h"
#include "cmd/chaos.h"

/* How long guards may take, each of which waits for its engine. */
enum { GUARD_PATIENCE_MS = 30 * 1000, LOOK_AGAIN_MS = 20 };

struct recover_args {
	struct hp_pflags_base base;
	const char *run_id;
};

/* clang-format off: one row a flag */
static const struct hp_pflag recover_flags[] = {
	{HP_PFLAG_STR, "run-id", NULL, NULL, "only what this run has left",
	 offsetof(struct recover_args, run_id)},
	HP_PFLAG_HELP(struct recover_args),
	{.type = HP_PFLAG_END},
};

static const struct hp_pflag revert_flags[] = {
	{HP_PFLAG_STR, "run-id", NULL, NULL, "the run; must be given",
	 offsetof(struct recover_args, run_id)},
	HP_PFLAG_HELP(struct recover_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

/* What happened to the entries. */
struct tally {
	const struct hp_chaos *chaos;
	int64_t undone;
};

static void told(void *arg, const struct hp_recovery *r)
{
	struct tally *t = arg;
	const struct hp_fault *f = r->item->fault;
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	hp_labels_add(&fields, "fault", f ? f->id : r->item->path);
	if (f) {
		hp_labels_add(&fields, "name", f->container->name);
		hp_labels_add(&fields, "id", f->container->id);
	}
	if (r->held) {
		hp_chaos_log(&t->chaos->log, HP_CHAOS_INFO, "held by a run, left alone",
			     &fields);
		return;
	}
	if (r->err && r->err->code != HP_OK) {
		hp_labels_add(&fields, "error", r->err->msg);
		hp_chaos_log(&t->chaos->log, HP_CHAOS_ERROR, "not undone", &fields);
		return;
	}
	t->undone++;
	printf("%s\n", f ? f->id : r->item->path);
	hp_chaos_log(&t->chaos->log, HP_CHAOS_INFO, "undone", &fields);
}

/* Undo what nobody holds; of one run, or all with NULL. */
static int recover(const struct hp_chaos *c, const char *run_id, struct hp_error *err)
{
	AUTO_FREE char *journal = hp_journal_dir(c->cli->globals.state_root);
	struct tally t = {.chaos = c};
	int failed = hp_chaos_recover(journal, run_id, told, &t, err);

	if (failed < 0)
		return -1;
	if (failed > 0)
		return hp_fail(
			err, HP_EFAILED,
			"%d of %lld faults could not be undone; they stay in '%s' to try "
			"again",
			failed, (long long)t.undone + failed, journal);
	return 0;
}

static int recover_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	const struct recover_args *args = use->args;
	const char *run_id = args->run_id[0] ? args->run_id : use->chaos->globals.run_id;

	return recover(use->chaos, run_id[0] ? run_id : NULL, err);
}

const struct hp_chaos_cmd hp_chaos_cmd_recover = {
	.name = "recover",
	.usage = "undo what a crash or a power loss has left",
	.operands = "",
	.flags = recover_flags,
	.args_size = sizeof(struct recover_args),
	.run = recover_run,
};

/* Is @pid a guard? Its number may belong to somebody else by now. */
static bool is_guard(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/comm", (int)pid);
	AUTO(hp_buf_free) struct hp_buf name = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&name, 64);
	if (hp_file_read(path, name.max, &name, &ignored) < 0)
		return false;
	return name.len == 14 && memcmp(name.data, "harpoon-guard\n", 14) == 0;
}

/* Ask who holds @f to undo it. */
static void release(const struct hp_fault *f)
{
	AUTO_CLOSE int fd = f->guard > 0 ? pidfd_open(f->guard, 0) : -1;

	/* Looked at after it was opened, so that both are about the same process. One that has
	 * ended meanwhile is what was asked for. */
	if (fd >= 0 && is_guard(f->guard))
		(void)pidfd_send_signal(fd, SIGTERM, NULL, 0);
}

/* How many faults of the run are held; each of their guards is asked to undo it. */
static int release_all(const char *journal, const char *run_id, bool ask, struct hp_error *err)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	int held = 0;

	if (hp_journal_read(journal, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct hp_fault *f = list.items[i].fault;

		if (!f || !list.items[i].held || !hp_fault_is_of_run(f->id, run_id))
			continue;
		held++;
		if (!ask)
			continue;
		printf("%s\n", f->id);
		release(f);
	}
	return held;
}

static int revert_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	const struct recover_args *args = use->args;
	const char *run_id = args->run_id[0] ? args->run_id : use->chaos->globals.run_id;
	AUTO_FREE char *journal = hp_journal_dir(use->chaos->cli->globals.state_root);
	const int64_t deadline = hp_deadline_in(GUARD_PATIENCE_MS);

	if (!run_id[0])
		return hp_fail(err, HP_EUSAGE, "revert needs the --run-id of a run");
	int held = release_all(journal, run_id, true, err);
	while (held > 0 && hp_deadline_left_ms(deadline) > 0) {
		hp_clock_sleep_ms(LOOK_AGAIN_MS);
		held = release_all(journal, run_id, false, err);
	}
	if (held < 0)
		return -1;
	if (held > 0)
		return hp_fail(err, HP_ETIMEOUT, "%d faults of run '%s' are still being undone",
			       held, run_id);
	return recover(use->chaos, run_id, err);
}

const struct hp_chaos_cmd hp_chaos_cmd_revert = {
	.name = "revert",
	.usage = "undo what a run holds or has left; the run itself goes on",
	.operands = "",
	.flags = revert_flags,
	.args_size = sizeof(struct recover_args),
	.run = revert_run,
};
