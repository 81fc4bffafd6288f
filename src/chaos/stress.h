/* SPDX-License-Identifier: Apache-2.0 */
/* stress.h - what uses up a target's processor, memory and disk: workers of our own, for hosts without
 * stress-ng, whose words are stress-ng's; and where on the host they are put. */
#pragma once
#include "base/cgroup.h"
#include "base/labels.h"
#include "chaos/action.h"

/* What our own workers are asked for. */
struct hp_stress {
	int64_t cpu; /* workers of each kind; -1: none; 0: one for each processor */
	int64_t vm;
	int64_t io;
	int64_t hdd;
	int64_t cpu_load;   /* percent */
	int64_t vm_bytes;   /* of all workers together */
	int64_t vm_pct;     /* the same, of the memory that the target may use; 0: vm_bytes */
	int64_t hdd_bytes;  /* of each worker's file */
	int64_t timeout_ms; /* 0: until it is ended */
	const char *temp_path; /* borrowed; NULL: /var/tmp */
};

/* stress_args.c: read stress-ng's words. Fails: HP_EUNSUPPORTED - one that needs stress-ng itself;
 * HP_EINVALID - a value that is wrong, or nothing is asked for. */
int hp_stress_parse(const char *const *words, struct hp_stress *ret,
		    struct hp_error *err) MUST_CHECK;

/* stress_worker.c: do it, in a process that does nothing else and is the leader of a session; its
 * children end with it. memory_bytes: that the target may use; 0: as much as the host has.
 * Returns: the exit status. */
int hp_stress_work(const struct hp_stress *s, uint64_t memory_bytes);

/* stress_place.c: the cgroups of a fault. */

/* Where workers are put: directories for each hierarchy that the target is in. */
struct hp_stress_place {
	struct hp_strv dirs;   /* made for the fault, or the target's own with inject */
	struct hp_strv target; /* the target's own, in the same order */
	bool own;              /* dirs were made for the fault */
};
void hp_stress_place_clear(struct hp_stress_place *p);
HP_AUTO_VALUE(struct hp_stress_place, hp_stress_place_clear);
/* Of the process @pid; nothing is made. @child: the name of a cgroup below; NULL: into the same.
 * Fails: HP_EUNSUPPORTED - this host has no cgroups. */
int hp_stress_place_find(const struct hp_cgroup_places *places, const char *child,
			 struct hp_stress_place *ret, struct hp_error *err) MUST_CHECK;
/* As it is written into the journal, and back. */
struct hp_json *hp_stress_place_to_json(const struct hp_stress_place *p);
void hp_stress_place_from_json(const struct hp_json *v, struct hp_stress_place *ret);
int hp_stress_place_make(const struct hp_stress_place *p, struct hp_error *err) MUST_CHECK;
/* Into all of them. */
int hp_stress_place_join(const struct hp_stress_place *p, pid_t pid,
			 struct hp_error *err) MUST_CHECK;
/* Kill all in directories of the fault's own once, and remove those that are empty.
 * Returns: how many are left, or -1. */
int hp_stress_place_remove(const struct hp_stress_place *p, struct hp_error *err) MUST_CHECK;

/* stress_count.c: what the kernel has counted in a cgroup; what it does not count is UINT64_MAX. */
struct hp_stress_counts {
	uint64_t cpu_us;
	uint64_t memory_peak; /* bytes */
	uint64_t oom_kills;
	uint64_t io_bytes; /* of disks */
};
void hp_stress_count(const struct hp_strv *dirs, struct hp_stress_counts *ret);
/* The most memory that a process there may use, of it and all above: bytes; 0: no limit. */
uint64_t hp_stress_memory_limit(const struct hp_strv *dirs);

/* stress_start.c: the process of a fault, which waits until it is let go. */
struct hp_stress_start {
	const char *const *argv; /* a program; NULL: our own workers */
	const struct hp_stress *own;
	uint64_t memory_bytes;
	int go_fd; /* once it was made: a byte lets it go, the end of it ends it */
};
/* It leads a session of its own. Owns: the caller, whose child it is, and with whom it ends. */
int hp_stress_start(struct hp_stress_start *s, pid_t *ret_pid, struct hp_error *err) MUST_CHECK;
int hp_stress_go(struct hp_stress_start *s, pid_t pid, struct hp_error *err) MUST_CHECK;
/* Kill all of the session that @leader, started at @started, began: those of them who are in one of
 * these cgroups. Returns: how many there were, or -1. */
int hp_stress_kill_session(pid_t leader, uint64_t started, const struct hp_strv *dirs,
			   struct hp_error *err) MUST_CHECK;
