/* SPDX-License-Identifier: Apache-2.0 */
/* reap.c - harpoon reap: the process behind --rm, which waits and removes when nobody else does. */
#include "cmd/commands.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/cli.h"
#include "cmd/own.h"

enum {
	FIRST_PAUSE_MS = 200,
	LONGEST_PAUSE_MS = 10000,
	PATIENCE_MS = 3600 * 1000,
	UNSTARTED_PAUSE_MS = 1000
};

/* Where hp_foreground_guard() leaves the pipe that it guards by. */
enum { GUARD_FD = 3 };

/* Wait until whoever started us says that the container is removed, or is gone or lets go. */
static bool was_removed(void)
{
	char told;

	return read(GUARD_FD, &told, sizeof(told)) > 0;
}

/* Whoever made it was killed before it could be started, or in the middle of that, which the daemon
 * then undoes in its own time: so not at once, and by force, which looks for what is left of it. */
static bool remove_unstarted(struct hp_engine *engine, const char *id, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *c = NULL;

	hp_clock_sleep_ms(UNSTARTED_PAUSE_MS);
	return hp_engine_inspect(engine, id, &c, err) == 0 && c->state == HP_STATE_CREATED &&
	       hp_engine_remove(engine, id, true, true, err) == 0;
}

/* One try. Returns 1 when the container is gone, 0 when it must be tried again, -1. */
static int reap_once(const struct hp_cli *cli, const char *id, struct hp_error *err)
{
	AUTO(hp_engine_free) struct hp_engine *engine = NULL;
	struct hp_exit end = {0};

	if (hp_cli_engine_new(cli, &engine, err) < 0)
		return -1;
	if (hp_engine_wait(engine, id, 0, &end, err) == 0 &&
	    hp_engine_remove(engine, id, false, true, err) == 0)
		return 1;
	/* Somebody removed it, or started it again: then its next end is waited for. */
	if (err->code == HP_ENOTFOUND)
		return 1;
	if (err->code != HP_ESTATE)
		return -1;
	hp_error_clear(err);
	return remove_unstarted(engine, id, err);
}

/* A daemon that is being restarted comes back; one that does not within the hour is gone. */
static int reap_run(const struct hp_use *use, struct hp_error *err)
{
	int64_t pause = FIRST_PAUSE_MS;
	int64_t give_up = hp_deadline_in(PATIENCE_MS);

	/* It was started as /proc/self/exe, which would leave "exe" as its name in ps. */
	prctl(PR_SET_NAME, "harpoon");
	if (was_removed())
		return 0;
	for (;;) {
		hp_error_clear(err);
		int rc = reap_once(use->cli, use->operands[0], err);
		if (rc > 0)
			break;
		if (rc == 0) {
			pause = FIRST_PAUSE_MS;
			give_up = hp_deadline_in(PATIENCE_MS);
		}
		if (hp_deadline_left_ms(give_up) == 0)
			return -1;
		hp_clock_sleep_ms(pause);
		pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
	}
	hp_error_clear(err);
	return 0;
}

const struct hp_cmd hp_cmd_reap = {
	.name = "reap",
	.summary = "wait for the end of a container and remove it",
	.operands = "CONTAINER",
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_CONTAINER,
	.flags = HP_CMD_HIDDEN,
	.run = reap_run,
};
