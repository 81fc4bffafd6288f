/* SPDX-License-Identifier: Apache-2.0 */
/* shim.c - takes a container's shim apart. */
#include "shim/shim.h"

#include <stdlib.h>

const char *hp_shim_origin_name(enum hp_machine_origin origin)
{
	switch (origin) {
	case HP_MACHINE_COLD:
		return "cold";
	case HP_MACHINE_CLONE:
		return "clone";
	case HP_MACHINE_WARM:
		break;
	}
	return "warm";
}

void hp_shim_clear(struct hp_shim *s)
{
	/* First what calls back, then what it calls. Streams go before the mux that they are on, and
	 * processes after the calls that are told of the machine's end. */
	hp_shim_create_forget(s);
	hp_shim_hooks_free(TAKE(s->start_hooks));
	hp_shim_hooks_free(TAKE(s->last_hooks));
	for (struct hp_shim_process *p = s->first; p; p = p->next)
		hp_shim_stdio_free(TAKE(p->io));
	hp_shim_box_free(TAKE(s->box));
	while (s->first)
		hp_shim_process_free(s->first);
	hp_timer_stop(&s->shutdown_due);
	hp_shim_rootfs_free(TAKE(s->rootfs));
	hp_shim_network_free(TAKE(s->network));
	hp_shim_place_leave(s);
	hp_ttrpc_server_free(TAKE(s->server));
	hp_shim_events_free(TAKE(s->events));
	hp_shim_pending_done(TAKE(s->pause));
	hp_shim_pending_done(TAKE(s->removal));
	hp_shim_pending_done(TAKE(s->shutdown));
	hp_loop_free(TAKE(s->loop));
	hp_shim_spec_free(TAKE(s->spec));
	hp_shim_log_free(TAKE(s->log));
	hp_shim_record_clear(&s->record);
	free((void *)(uintptr_t)s->stats.data);
	s->stats = HP_BYTES(NULL, 0);
	free(TAKE(s->id));
	free(TAKE(s->ns));
	free(TAKE(s->bundle));
}
