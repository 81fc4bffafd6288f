/* SPDX-License-Identifier: Apache-2.0 */
/* up.c - harpoon up: bring up a private containerd. */
#include "cmd/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/daemon.h"

struct up_args {
	const char *root;
	const char *state;
	const char *containerd;
};

/* clang-format off: one row an option */
static const struct hp_opt up_opts[] = {
	HP_OPT_STR(0, "containerd", struct up_args, containerd, "PATH",
		   "the program to start (containerd)"),
	HP_OPT_STR(0, "root", struct up_args, root, "DIR",
		   "its images and containers (/var/lib/harpoon/containerd)"),
	HP_OPT_STR(0, "state", struct up_args, state, "DIR",
		   "its socket and what else it needs while it runs (/run/harpoon/containerd)"),
	HP_OPT_END,
};
/* clang-format on */

static void tell(const struct hp_daemon *d, const char *version, bool already)
{
	printf("containerd %s %s at %s\n\n  export CONTAINERD_ADDRESS=%s\n", version,
	       already ? "is already up" : "is up", d->address, d->address);
}

static int bring_up(struct hp_daemon *d, const char *program, struct hp_error *err)
{
	AUTO_FREE char *version = NULL;

	if (hp_daemon_make(d->root, 0711, err) < 0 || hp_daemon_make(d->state, 0711, err) < 0 ||
	    hp_daemon_lock(d, err) < 0)
		return -1;
	pid_t pid = hp_daemon_pid(d);
	if (pid) {
		if (hp_daemon_ask(d, &version, err) < 0)
			return hp_wrap(err, "containerd is up (process %d) but does not answer",
				       pid);
		tell(d, version, true);
		return 0;
	}
	if (hp_daemon_ask(d, &version, err) == 0)
		return hp_fail(err, HP_EEXISTS,
			       "a containerd that harpoon up did not start is at '%s'",
			       d->address);
	hp_error_clear(err);
	if (hp_daemon_start(d, program, &version, err) < 0)
		return -1;
	tell(d, version, false);
	return 0;
}

static int up_run(const struct hp_use *use, struct hp_error *err)
{
	const struct up_args *args = use->args;
	AUTO(hp_daemon_clear) struct hp_daemon d = {.lock_fd = -1};

	if (geteuid() != 0)
		return hp_fail(err, HP_EDENIED, "only root can bring up a containerd");
	if (hp_daemon_init(use->cli, args->root, args->state, &d, err) < 0)
		return -1;
	return bring_up(&d, args->containerd ? args->containerd : "containerd", err);
}

const struct hp_cmd hp_cmd_up = {
	.name = "up",
	.summary = "bring up a private containerd, beside whatever else runs",
	.about =
		"It has its own root, state and socket, and never touches the system's one.\n"
		"Without --address and CONTAINERD_ADDRESS, harpoon takes the system's containerd\n"
		"when there is one, else this one.",
	.opts = up_opts,
	.args_size = sizeof(struct up_args),
	.run = up_run,
};
