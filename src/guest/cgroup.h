/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - the cgroup (version 2) that the container's processes are in: limits, kills, and what
 * the kernel counts there. */
#pragma once
#include <signal.h>
#include <stdbool.h>

#include "base/error.h"
#include "guest.pb-c.h"

struct hp_guest_cgroup {
	int fd; /* its directory; -1: there are no cgroups here */
};

/* Make cgroup "container" below directory @parent, whose controllers are all turned on; those that
 * the kernel lacks are left out. @parent NULL: none. */
int hp_guest_cgroup_open(const char *parent, struct hp_guest_cgroup *ret,
			 struct hp_error *err) MUST_CHECK;
void hp_guest_cgroup_close(struct hp_guest_cgroup *g);

/* Set limits. Fails: HP_EUNSUPPORTED - there is no such controller here; the others are set. */
int hp_guest_cgroup_limit(const struct hp_guest_cgroup *g, const Hp__Guest__Resources *r,
			  struct hp_error *err) MUST_CHECK;
/* Send @sig to each process that is in it, or below. Without cgroups nothing happens. */
int hp_guest_cgroup_signal(const struct hp_guest_cgroup *g, int sig,
			   struct hp_error *err) MUST_CHECK;

/* Open the cgroup that process @pid is in: ours, or one below it. A container that has turned on
 * controllers for its own cgroups keeps processes in those only. Fails: HP_ENOTFOUND - there is no
 * such process any more. */
int hp_guest_cgroup_open_of(const struct hp_guest_cgroup *g, pid_t pid, int *ret_fd,
			    struct hp_error *err) MUST_CHECK;

/* Open the file of events, on which poll(2) tells of an error when they have changed; -1: none. */
int hp_guest_cgroup_open_events(const struct hp_guest_cgroup *g);
/* How many processes the kernel has killed in it for memory. */
uint64_t hp_guest_cgroup_oom_kills(int events_fd);
