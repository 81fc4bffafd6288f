/* SPDX-License-Identifier: Apache-2.0 */
/* qemu_args.h - QEMU's command line. */
#pragma once
#include "base/str.h"
#include "vm/vmm.h"

/* What to do when there is none. */
#define HP_QEMU_HOW_TO                                                                         \
	"install it (apt-get install qemu-system-x86), or name it as \"qemu\" in " HP_VM_CONFIG_FILE

/* The descriptors that a QEMU inherits, by number. */
enum hp_qemu_fd {
	HP_QEMU_STDERR = 2,
	HP_QEMU_QMP = 3,
	HP_QEMU_PORT = 4, /* and one more for each port */
	HP_QEMU_CONSOLE = HP_QEMU_PORT + HP_PORTS,
	HP_QEMU_STATE, /* a clone's is read from it */
	HP_QEMU_MEMORY,
	HP_QEMU_TAP,
	HP_QEMU_DISK,
	HP_QEMU_KERNEL,
	HP_QEMU_INITRD,
	HP_QEMU_FDS
};

/* The words, the program's own first. The order of devices is part of a template's state. */
void hp_qemu_args(const struct hp_vmm_spawn *s, struct hp_strv *ret);
