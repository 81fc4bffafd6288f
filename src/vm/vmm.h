/* SPDX-License-Identifier: Apache-2.0 */
/* vmm.h - the program that runs one machine, whichever it is. For users inside of vm/. */
#pragma once
#include "base/loop.h"
#include "vm/host.h"
#include "vm/machine.h"

struct hp_vmm;

/* A guest learns with its driver whether it may write to a disk. */
enum hp_shape_disk {
	HP_DISK_NONE,
	HP_DISK_READ_ONLY,
	HP_DISK_WRITABLE,
};

/* What a machine is made of; a template is good for clones of the same shape only. */
struct hp_shape {
	uint64_t memory_bytes;
	unsigned cpus;
	bool net; /* it has a network device */
	enum hp_shape_disk disk;
};

/* What to spawn. All is borrowed: descriptors are inherited and stay the caller's. -1: none. */
struct hp_vmm_spawn {
	const char *id;
	const struct hp_vm_config *config;
	const struct hp_host *host;
	struct hp_shape shape;
	int ports[HP_PORTS]; /* the guest's ends */
	int console_fd;      /* where the guest's kernel writes to */
	int tap_fd;          /* of shape.net */
	/* Of shape.disk. NULL: an empty one, for a template's clones to have another in its place. */
	const struct hp_machine_disk *disk;
	int cgroup_fd;
	/* To boot: */
	int kernel_fd;
	int initrd_fd;
	/* Boot: memory that becomes a template's, shared with it; or -1.
	 * Clone: the template's, of which it writes to a copy only. */
	int memory_fd;
	int save_fd; /* boot: the pipe that hp_vmm_save() writes to, or -1 */
	/* Clone: the template's state, a file; -1: boot. */
	int state_fd;
	bool stopped; /* clone: its processors stand still until hp_vmm_pause(v, false) */
};

struct hp_vmm_events {
	/* The guest runs: it has opened the control port, or its template's state is in. Once. */
	void (*on_up)(void *data);
};

/* "none", "ro", "rw"; static. */
const char *hp_shape_disk_name(enum hp_shape_disk d);
/* Fails: HP_EINVALID - it is no such name, or NULL. */
int hp_shape_disk_read(const char *name, enum hp_shape_disk *ret,
		       struct hp_error *err) MUST_CHECK;

bool hp_vmm_known(const char *name);
/* Does it boot a kernel, save and clone templates, and give machines disks? */
bool hp_vmm_clones(const char *name);
/* Fails: HP_ENOTFOUND - it is not installed, saying how to get it; HP_EEXHAUSTED. */
int hp_vmm_spawn(struct hp_loop *l, const struct hp_vmm_spawn *s,
		 const struct hp_vmm_events *events, void *data, struct hp_vmm **ret,
		 struct hp_error *err) MUST_CHECK;
/* Forgets it; whoever spawned it has killed and reaped it, or leaves it running. NULL is fine. */
void hp_vmm_free(struct hp_vmm *v);
HP_AUTO_PTR(struct hp_vmm, hp_vmm_free);

pid_t hp_vmm_pid(const struct hp_vmm *v);
/* What it said on its way, such as why it ended; one line, borrowed, "" when nothing. */
const char *hp_vmm_words(struct hp_vmm *v);
/* Stop its processors, or let them run. As hp_machine_pause(). */
void hp_vmm_pause(struct hp_vmm *v, bool paused, hp_machine_done_fn done, void *data);
/* Write the state that is not in its memory to save_fd, once. It stands still afterwards, and has
 * closed save_fd.
 * Fails: HP_EUNSUPPORTED. */
void hp_vmm_save(struct hp_vmm *v, hp_machine_done_fn done, void *data);

/* Give it up without ending it: nothing is under way.
 * ret_control: what hp_vmm_adopt() takes it up by, in any process. Frees @take_v, also when it fails.
 * Fails: HP_EUNSUPPORTED. */
int hp_vmm_release(struct hp_vmm *take_v, int *ret_control, struct hp_error *err) MUST_CHECK;
/* Take up a clone that was given up stopped. Takes @take_control, also when it fails. */
int hp_vmm_adopt(struct hp_loop *l, const char *name, pid_t pid, int take_control,
		 struct hp_vmm **ret, struct hp_error *err) MUST_CHECK;
void hp_vmm_listen(struct hp_vmm *v, const struct hp_vmm_events *events, void *data);
