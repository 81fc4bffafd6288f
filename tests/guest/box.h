/* SPDX-License-Identifier: Apache-2.0 */
/* box.h - a container to ask a guest for, with what ordinary ones have. */
#pragma once
#include "world.h"

#define BOX_MOUNTS 8

struct box {
	Hp__Guest__CreateRequest request;
	Hp__Guest__Container container;
	Hp__Guest__Process process;
	Hp__Guest__Capabilities caps;
	Hp__Guest__Mount mounts[BOX_MOUNTS];
	Hp__Guest__Mount *mount_list[BOX_MOUNTS];
	char *args[8];
};

/* A container that runs @script by a shell; change it as the test wants. It must not be moved. */
void box_init(struct box *b, const char *script);
/* One more mount; the strings are borrowed. */
Hp__Guest__Mount *box_mount(struct box *b, const char *destination, const char *type,
			    const char *source);
/* A process like the box's, for an exec. */
void box_process(struct box *b, const char *script, Hp__Guest__Process *ret, char *args[4]);

/* Create and start; they end the test when it fails. */
void box_create(struct world *w, struct box *b);
void box_start(struct world *w);
void box_run(struct world *w, struct box *b);
/* Make a call that must fail with @code and a message that fits the pattern @words. */
void box_refused(struct world *w, const char *method, const ProtobufCMessage *request,
		 enum hp_code code, const char *words);
void box_exec(struct world *w, uint32_t number, Hp__Guest__Process *p);
void box_signal(struct world *w, uint32_t number, uint32_t signal, bool all);
