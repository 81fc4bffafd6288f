/* SPDX-License-Identifier: Apache-2.0 */
/* boot.h - boot one machine until its guest is ready, and freeze it. */
#pragma once
#include "vm/template.h"

struct hp_boot {
	const struct hp_vm_config *config;
	const struct hp_host *host;
	const struct hp_images *images;
	struct hp_shape shape;
};

/* ret: its memory, not sealed yet, and its state. Tries again when a boot hangs.
 * Fails: HP_ETIMEOUT; HP_EABORTED - the guest or its VMM ended, with the last of its console. */
int hp_boot_and_freeze(const struct hp_boot *b, struct hp_template *ret,
		       struct hp_error *err) MUST_CHECK;
