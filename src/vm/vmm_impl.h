/* SPDX-License-Identifier: Apache-2.0 */
/* vmm_impl.h - what a VMM must do. A new one is a file with one of these and a row in vmm.c; the
 * contract suite must pass with it. */
#pragma once
#include "vm/vmm.h"

struct hp_vmm_ops {
	const char *name;
	bool clones; /* it needs a kernel, save is there, and spawn takes a state_fd */

	/* Start it and return at once; it ends with its parent, whatever becomes of that. What the
	 * ports' other ends were written to by now is delivered when the guest opens them. */
	int (*spawn)(struct hp_loop *l, const struct hp_vmm_spawn *s, struct hp_vmm **ret,
		     struct hp_error *err);
	void (*free)(struct hp_vmm *v);
	/* Answer through @done exactly once, also when the program ends before. Pausing what is
	 * paused succeeds. */
	void (*pause)(struct hp_vmm *v, bool paused, hp_machine_done_fn done, void *data);
	void (*save)(struct hp_vmm *v, hp_machine_done_fn done, void *data);
	const char *(*words)(struct hp_vmm *v);
	/* With clones: as hp_vmm_release(), but for freeing it, and as hp_vmm_adopt(). */
	int (*release)(struct hp_vmm *v, int *ret_control, struct hp_error *err);
	int (*adopt)(struct hp_loop *l, pid_t pid, int take_control, struct hp_vmm **ret,
		     struct hp_error *err);
};

/* The common part, first in each one's own struct; ops, events and data are set by vmm.c. */
struct hp_vmm {
	const struct hp_vmm_ops *ops;
	pid_t pid;
	const struct hp_vmm_events *events;
	void *data;
};

extern const struct hp_vmm_ops hp_vmm_qemu;
extern const struct hp_vmm_ops hp_vmm_fake;
