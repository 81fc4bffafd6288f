/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.h - the private containerd of "harpoon up" and "harpoon down": where it is, whether it
 * runs, its start and its end. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "cmd/cli.h"

/* One private daemon. All paths are absolute. */
struct hp_daemon {
	char *root;  /* its images, snapshots and containers; outlives it */
	char *state; /* all the rest; gone when it is down */
	char *address;
	char *config;
	char *pid_file;
	char *log;
	char *our_data;  /* what this program keeps about its containers: logs, volumes */
	char *our_state; /* pipes and sockets to them */
	int lock_fd;
};

/* Name the paths. NULL for @root or @state takes the default below the program's own roots.
 * Fails: HP_EUSAGE - a path that cannot stand in a configuration file, or is too long for a
 * socket. */
int hp_daemon_init(const struct hp_cli *cli, const char *root, const char *state,
		   struct hp_daemon *ret, struct hp_error *err) MUST_CHECK;
void hp_daemon_clear(struct hp_daemon *d); /* lets go of the lock too */
HP_AUTO_VALUE(struct hp_daemon, hp_daemon_clear);

/* Was this directory made by "harpoon up"? Nothing else is ever removed. */
bool hp_daemon_made(const char *dir);
int hp_daemon_mark(const char *dir, struct hp_error *err) MUST_CHECK;
/* Make it and mark it. Fails: HP_EEXISTS - it is there, not empty and not ours. */
int hp_daemon_make(const char *dir, mode_t mode, struct hp_error *err) MUST_CHECK;

/* Keep every other up and down of the same state directory, which must be there, out until
 * hp_daemon_clear(). Fails: HP_ETIMEOUT. */
int hp_daemon_lock(struct hp_daemon *d, struct hp_error *err) MUST_CHECK;

/* The process that up started, 0 when it has ended or was never started. A process that only has
 * its number is not taken for it. */
pid_t hp_daemon_pid(const struct hp_daemon *d);

/* Does it answer? ret_version: what it says it is; owned by the caller. */
int hp_daemon_ask(const struct hp_daemon *d, char **ret_version,
		  struct hp_error *err) MUST_CHECK;
/* An engine on it, in namespace @ns. Owns: the caller. */
int hp_daemon_engine(const struct hp_daemon *d, const char *ns, struct hp_engine **ret_engine,
		     struct hp_error *err) MUST_CHECK;

/* Write its configuration, start @program and wait until it answers. When it does not, the end
 * of its log is printed on stderr and it is ended again. ret_version as above. */
int hp_daemon_start(const struct hp_daemon *d, const char *program, char **ret_version,
		    struct hp_error *err) MUST_CHECK;

/* The namespaces and ids of the containers that have a task. Owns: the caller; "NS/ID" each. */
int hp_daemon_tasks(const struct hp_daemon *d, struct hp_strv *ret_tasks,
		    struct hp_error *err) MUST_CHECK;
/* End the shims of all tasks, and let the daemon, which must run, clear up after them. */
int hp_daemon_end_tasks(const struct hp_daemon *d, struct hp_error *err) MUST_CHECK;
/* End it: SIGTERM, then SIGKILL. Succeeds when it does not run. */
int hp_daemon_end(const struct hp_daemon *d, struct hp_error *err) MUST_CHECK;
/* Unmount what is mounted below @dir, and remove it. */
int hp_daemon_remove_dir(const char *dir, struct hp_error *err) MUST_CHECK;
