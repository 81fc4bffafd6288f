/* SPDX-License-Identifier: Apache-2.0 */
/* box.h - the machine that a container lives in, with its ports in use: the guest's service, the
 * streams of processes, and the port for files that another process serves. */
#pragma once
#include "net/mux.h"
#include "shim/guest.h"
#include "vm/machine.h"

struct hp_shim_box;

/* None is called from inside of a function of this header, and none may free the box. */
struct hp_shim_box_events {
	void (*on_ready)(void *data, const struct hp_error *why); /* the guest answers; once */
	void (*on_exit)(void *data, uint32_t number, uint32_t status, int64_t unix_ns);
	void (*on_oom)(void *data);
	/* All is over, and all that the guest had said has been heard; once, the last. */
	void (*on_end)(void *data, const struct hp_error *why);
};

struct hp_shim_box_spec {
	const struct hp_vm_config *config; /* outlives the box */
	struct hp_machine_spec machine;
	/* Taken, in place of a machine's ports, when not NULL: for tests that play the guest. It
	 * ends when the control and the stdio port have been closed; pausing is pretended. */
	const int *ports;
	const char *hostname; /* of the machine itself */
	const struct hp_shim_box_events *events;
	void *data;
};

/* Start a machine. What @spec points to outlives the box, but for the ports.
 * Fails: as hp_machine_start(). */
int hp_shim_box_open(struct hp_loop *l, const struct hp_shim_box_spec *spec,
		     struct hp_shim_box **ret, struct hp_error *err) MUST_CHECK;
/* Start another machine in its place that has a disk as well, before anything was asked of the first,
 * which had been started when nobody knew of the disk. On failure there is no machine any more.
 * Returns: 1, then on_ready comes for this one; 0: it is pretended.
 * Fails: as hp_machine_start(). */
int hp_shim_box_give_disk(struct hp_shim_box *b, const struct hp_machine_disk *disk,
			  struct hp_error *err) MUST_CHECK;
/* Kills the machine. NULL is fine. */
void hp_shim_box_free(struct hp_shim_box *b);
HP_AUTO_PTR(struct hp_shim_box, hp_shim_box_free);

struct hp_shim_guest *hp_shim_box_guest(struct hp_shim_box *b);
struct hp_mux *hp_shim_box_mux(struct hp_shim_box *b);
/* Hand over the host's end of the port for files, once; -1 after it. */
int hp_shim_box_take_files(struct hp_shim_box *b);
const struct hp_machine *hp_shim_box_machine(const struct hp_shim_box *b); /* may be NULL */
bool hp_shim_box_ended(const struct hp_shim_box *b);

/* End it at once; on_end follows. */
void hp_shim_box_kill(struct hp_shim_box *b);
/* Stop and resume its processors; resuming sets its clock. @done is called once, never from inside
 * of these, unless the box is freed before. */
void hp_shim_box_pause(struct hp_shim_box *b, hp_machine_done_fn done, void *data);
void hp_shim_box_resume(struct hp_shim_box *b, hp_machine_done_fn done, void *data);
