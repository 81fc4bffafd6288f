/* SPDX-License-Identifier: Apache-2.0 */
/* template_build.h - make a template: boot a machine, wait until its guest is ready, freeze it. */
#pragma once
#include "vm/template.h"

/* What is being done, for people; a few words. */
typedef void (*hp_build_progress_fn)(void *data, const char *doing);

struct hp_build {
	const struct hp_vm_config *config;
	struct hp_shape shape;
	hp_build_progress_fn progress; /* NULL: nobody wants to know */
	void *data;
};

/* Words of the progress that a program may wait for: what a machine boots from is there. */
#define HP_BUILD_IMAGES "images are ready"

/* Make the template of that shape, unless it is there. One process makes one at a time; others
 * wait for it. Takes as long as a boot: some seconds.
 * ret_key: its name. Returns: 1 when it was made, 0 when it was there.
 * Fails: HP_ENOTFOUND - no kernel, init or VMM; HP_ETIMEOUT - the guest does not come up. */
int hp_template_build(const struct hp_build *b, char ret_key[HP_VM_KEY],
		      struct hp_error *err) MUST_CHECK;
