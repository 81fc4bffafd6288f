/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - one virtual machine: started from a template or cold, watched, paused, ended. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "vm/config.h"

/* The byte channels between host and guest. The guest knows each by its name. */
enum hp_port {
	HP_PORT_CONTROL, /* "harpoon.control": the guest's ttrpc service, proto/guest.proto */
	HP_PORT_STDIO,   /* "harpoon.stdio": streams of processes, net/mux.h */
	HP_PORT_FILES,   /* "harpoon.files": FUSE requests and replies, wire/fuse.h */
	HP_PORTS
};

/* How a machine came to be. */
enum hp_machine_origin {
	HP_MACHINE_COLD,  /* booted, for there was no template that fits */
	HP_MACHINE_CLONE, /* of a template */
	HP_MACHINE_WARM,  /* a clone that the pool had made ready */
};

/* What a machine has as its disk. */
struct hp_machine_disk {
	int fd;      /* open for writing unless read_only */
	bool device; /* a block device, and no file */
	bool read_only;
};

/* What is wanted. */
struct hp_machine_spec {
	const char *id; /* for messages */
	uint64_t
		memory_bytes; /* at least so much for containers; the shape is rounded up from it */
	unsigned cpus;        /* 0: config's */
	int tap_fd;    /* a tap with vnet_hdr for the machine's network device; -1: no device */
	int cgroup_fd; /* a cgroup directory to run the VMM in; -1: ours */
	const struct hp_machine_disk *disk; /* NULL: none */
};

struct hp_machine;

struct hp_machine_events {
	void *data; /* what is called back with */
	/* The VMM has ended, by whatever cause; once, never from inside of hp_machine_start().
	 * @why says how, with the guest's last console lines when it was not asked to end. */
	void (*on_end)(void *data, const struct hp_error *why);
};

/* Start one; it is under way when this returns, and what is written to its ports by then is
 * delivered when it runs. @config is borrowed until it is freed; descriptors are duplicated. Without a template that fits it boots cold.
 * Fails: HP_ENOTFOUND - no VMM, kernel or guest init, saying which and how to get it;
 * HP_EEXHAUSTED - no memory. */
int hp_machine_start(struct hp_loop *l, const struct hp_vm_config *config,
		     const struct hp_machine_spec *spec, const struct hp_machine_events *events,
		     struct hp_machine **ret, struct hp_error *err) MUST_CHECK;
/* Kills what still runs, reaps it, closes everything. NULL is fine. */
void hp_machine_free(struct hp_machine *m);
HP_AUTO_PTR(struct hp_machine, hp_machine_free);

/* Hand over the host's end of a port, once; -1 when it was handed over before. */
int hp_machine_take_port(struct hp_machine *m, enum hp_port port);
pid_t hp_machine_pid(const struct hp_machine *m); /* of the VMM */
enum hp_machine_origin hp_machine_origin(const struct hp_machine *m);
const char *hp_machine_accel(const struct hp_machine *m); /* "kvm", "tcg"; static */
/* The last of what the guest's kernel wrote to its console; borrowed. */
const char *hp_machine_console(const struct hp_machine *m);
/* When things happened, hp_clock_ns(); 0: not yet. */
struct hp_machine_times {
	int64_t asked, spawned, loaded; /* start called; VMM running; template's state is in */
};
struct hp_machine_times hp_machine_times(const struct hp_machine *m);

void hp_machine_kill(struct hp_machine *m); /* SIGKILL; on_end follows */
/* Stop and resume its processors. @done is called once, with NULL when it went well. */
typedef void (*hp_machine_done_fn)(void *data, const struct hp_error *why);
void hp_machine_pause(struct hp_machine *m, hp_machine_done_fn done, void *data);
void hp_machine_resume(struct hp_machine *m, hp_machine_done_fn done, void *data);
