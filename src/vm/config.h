/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - what machines are made of, and where they are kept: a file of settings. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

#define HP_VM_MEMORY_LEAST (128ull << 20) /* that a machine may have */
#define HP_VM_MEMORY_MOST  (1ull << 40)

#define HP_VM_CONFIG_FILE "/etc/harpoon/vm.json" /* $HARPOON_VM_CONFIG names another */

/* Strings are owned by the value. What the file leaves out has the default said here. */
struct hp_vm_config {
	char *vmm;     /* "qemu"; the tests' "fake" runs the guest's init without a machine */
	char *qemu;    /* the program: "qemu-system-x86_64" */
	char *kernel;  /* vmlinuz or vmlinux; NULL: the newest Debian kernel found, cloud first:
			  * below /var/lib/harpoon/kernel, then the host's */
	char *modules; /* its /lib/modules/VERSION; NULL: what belongs to the kernel */
	char *init; /* harpoon-init; NULL: beside the program, in libexec, or the build tree */
	char *state_dir; /* templates on disk: /var/lib/harpoon/vm */
	char *run_dir;   /* sockets and state of what runs: /run/harpoon/vm */
	char *accel; /* "auto": kvm when a probe proves that it works, else tcg; "kvm", "tcg" */
	uint64_t memory_bytes;  /* of a machine whose container has no limit: 2 GiB */
	unsigned cpus;          /* 1 */
	unsigned tcg_cache_mib; /* tb-size: 32 */
	uid_t uid;              /* that the VMM runs as: 65534 */
	gid_t gid;
	unsigned warm; /* clones that the pool holds ready: 0 */
};

/* Read $HARPOON_VM_CONFIG or HP_VM_CONFIG_FILE; a file that is not there gives the defaults.
 * Fails: HP_EINVALID - no JSON, an unknown key, a value of the wrong kind: it is named. */
int hp_vm_config_load(struct hp_vm_config *ret, struct hp_error *err) MUST_CHECK;
/* The same of a text: a JSON object whose keys are the names above, but "memory", which may be a
 * text such as "512m". */
int hp_vm_config_parse(struct hp_bytes text, struct hp_vm_config *ret,
		       struct hp_error *err) MUST_CHECK;
bool hp_vm_config_same(const struct hp_vm_config *a, const struct hp_vm_config *b);
void hp_vm_config_defaults(struct hp_vm_config *ret);
void hp_vm_config_clear(struct hp_vm_config *c);
HP_AUTO_VALUE(struct hp_vm_config, hp_vm_config_clear);
