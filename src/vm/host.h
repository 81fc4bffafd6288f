/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - what this host can do for machines, learned once a boot. */
#pragma once
#include "vm/config.h"

struct hp_host {
	bool kvm;          /* it was proved to run a stock kernel's instructions */
	char kvm_why[128]; /* why not; "" when it does */
	unsigned tsc_khz;  /* of the processor's clock; 0: it has none */
};

/* Read run_dir/host.json, or learn it anew, which takes some 30 ms, and two
 * seconds where KVM hangs, and write that file. */
int hp_host_learn(const struct hp_vm_config *c, struct hp_host *ret,
		  struct hp_error *err) MUST_CHECK;
/* What @c chooses on such a host: "kvm" or "tcg"; static. */
const char *hp_host_accel(const struct hp_host *h, const struct hp_vm_config *c);

/* Count the processor's clock against the kernel's for @ms. Returns: kHz, 0 without such a clock. */
unsigned hp_host__measure_tsc(unsigned ms);
