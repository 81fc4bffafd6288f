/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - talk to harpoon-init, the first process of the machine, by the service of
 * proto/guest.proto. What it answers is not trusted: it may be anything, and late. */
#pragma once
#include "net/ttrpc_client.h"

struct hp_shim_guest;

/* None is called from inside of a function of this header; all may make calls. */
struct hp_shim_guest_events {
	/* Hello and Setup have been answered (@why is NULL), or will not be; once. */
	void (*on_ready)(void *data, const struct hp_error *why);
	void (*on_exit)(void *data, uint32_t number, uint32_t status, int64_t unix_ns);
	void (*on_oom)(void *data);
	/* It breaks the protocol: nothing that it says is of use any more; once. */
	void (*on_broken)(void *data, const struct hp_error *why);
	/* Its end of the control port is closed; once. */
	void (*on_gone)(void *data);
};

struct hp_shim_guest_spec {
	int control_fd;       /* taken */
	const char *hostname; /* of the machine; copied */
	int64_t limit_ms;     /* that the guest has to answer Hello */
	const struct hp_shim_guest_events *events;
	void *data;
};

/* Say hello at once. */
int hp_shim_guest_new(struct hp_loop *l, const struct hp_shim_guest_spec *spec,
		      struct hp_shim_guest **ret, struct hp_error *err) MUST_CHECK;
void hp_shim_guest_free(
	struct hp_shim_guest *g); /* calls under way are forgotten; NULL is fine */
HP_AUTO_PTR(struct hp_shim_guest, hp_shim_guest_free);

/* @done may be NULL. @timeout_ms: 0 is never. Calls are sent at once, also before the guest is
 * ready and while its machine stands still. */
void hp_shim_guest_call(struct hp_shim_guest *g, const char *method, struct hp_bytes payload,
			int64_t timeout_ms, hp_ttrpc_done_fn done, void *data);
/* Let the guest's clock show the host's time. */
void hp_shim_guest_set_clock(struct hp_shim_guest *g);
const char *hp_shim_guest_kernel(const struct hp_shim_guest *g); /* uname -r; "" before Hello */
/* When Hello and Setup were answered, hp_clock_ns(); 0: not yet. */
int64_t hp_shim_guest_hello_ns(const struct hp_shim_guest *g);
int64_t hp_shim_guest_setup_ns(const struct hp_shim_guest *g);
