/* SPDX-License-Identifier: Apache-2.0 */
/* machine_impl.h - what machine.c and machine_warm.c share. */
#pragma once
#include <signal.h>

#include "vm/console.h"
#include "vm/images.h"
#include "vm/machine.h"
#include "vm/pool.h"
#include "vm/template.h"
#include "vm/vmm.h"

struct hp_machine {
	struct hp_loop *loop;
	const struct hp_vm_config *config;
	char *id;
	int tap_fd;                  /* ours; -1: none */
	struct hp_machine_disk disk; /* its descriptor is ours; -1: none */
	int cgroup_fd;
	struct hp_shape shape;
	struct hp_host host;
	struct hp_images images;
	char key[HP_VM_KEY];         /* of the template that fits */
	struct hp_template template; /* until it is up */
	struct hp_pool_client *pool; /* while it is asked for one */
	struct hp_machine_events events;

	struct hp_vmm *vmm;
	pid_t pid;
	int pid_fd;
	int hold_fd; /* of the holder of a clone that stood ready; -1: it is our child */
	struct hp_watch pid_watch; /* of hold_fd, if there is one, else of pid_fd */
	int ports[HP_PORTS];       /* our ends; -1: taken */
	int guests[HP_PORTS];      /* theirs, until it is up: a next attempt needs them */
	int console_fd;
	struct hp_watch console_watch;
	struct hp_console console;
	struct hp_timer boot_timer;
	struct hp_timer end_timer;
	unsigned attempts;
	bool up;
	bool late;  /* this attempt was killed, for it took too long */
	bool asked; /* hp_machine_kill() was called */
	enum hp_machine_origin origin;
	struct hp_machine_times times;
	struct hp_error why; /* of the end */
};

/* Make @take_warm the machine, and let it run. On failure nothing of it is left, and another way can
 * be gone. */
int hp_machine__adopt(struct hp_machine *m, struct hp_warm *take_warm,
		      struct hp_error *err) MUST_CHECK;
/* What has come of its end. Returns: whether it has ended. */
bool hp_machine__read_end(struct hp_machine *m, siginfo_t *ret);
/* End what runs, and wait until it has ended. */
void hp_machine__end(struct hp_machine *m);

/* Of machine.c: for the loop. */
void hp_machine__on_console(void *data, uint32_t events);
void hp_machine__on_end(void *data, uint32_t events);
extern const struct hp_vmm_events hp_machine__vmm_events;
