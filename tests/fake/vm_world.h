/* SPDX-License-Identifier: Apache-2.0 */
/* vm_world.h - what tests of machines need: a kernel, modules and an init that are none, a
 * configuration that names them, and a QEMU of ours. */
#pragma once
#include "base/loop.h"
#include "vm/config.h"
#include "vm/machine.h"
#include "vm/template.h"

struct vm_world {
	char *dir;
	struct hp_vm_config config;
	struct hp_loop *loop;
	pid_t pool_pid; /* 0: none */
	bool follow; /* the pool shall heed what the file of settings says; before vm_world_pool() */
};

/* @qemu: how it goes wrong, see qemu.c; "fake": not at all. */
void vm_world_open(struct vm_world *w, const char *qemu);
void vm_world_close(struct vm_world *w);
/* Write config to the file of settings, for the programs that are started: they read it. It was
 * written when the world was opened. */
void vm_world_settings(struct vm_world *w);
/* Have a pool, until the world is closed. Before any machine. */
void vm_world_pool(struct vm_world *w);
/* Let the loop run until *done, for 20 s at most. Returns: whether it became so. */
bool vm_world_await(struct vm_world *w, const bool *done);
/* The same, until @is says so of @data; asked every few milliseconds. */
bool vm_world_until(struct vm_world *w, bool (*is)(void *data), void *data);
/* A template of config's shape, made by hand; ret_key: its name. */
void vm_world_template(struct vm_world *w, char ret_key[HP_VM_KEY]);
/* The same, for machines with a network device. */
void vm_world_template_net(struct vm_world *w, char ret_key[HP_VM_KEY]);
/* Let the pool hold @n clones ready. Before vm_world_pool(). */
void vm_world_warm(struct vm_world *w, unsigned n);

/* A machine, and what was heard of it. */
struct vm_heard {
	struct hp_machine *machine;
	bool ended;
	struct hp_error why;
};
void vm_world_start(struct vm_world *w, struct vm_heard *h);
/* The same, with a network device that @tap_fd is the end of. */
void vm_world_start_net(struct vm_world *w, struct vm_heard *h, int tap_fd);
/* Call the guest and wait for its answer. Returns: whether there was one. */
bool vm_world_hello(struct vm_world *w, int port);
