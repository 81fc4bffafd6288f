/* SPDX-License-Identifier: Apache-2.0 */
/* pool_holder.h - make a clone that stands ready, in a process of its own. */
#pragma once
#include "vm/pool.h"
#include "vm/warm.h"

struct hp_holder {
	const struct hp_vm_config *config;
	const struct hp_host *host;
	const struct hp_pool_request *request;
	const struct hp_template *template;
};

/* Start the process: it is nobody's child. When the clone is ready, one message comes out of
 * ret_sock, for hp_holder_read(); when it cannot be made, nothing but the end. */
int hp_holder_start(const struct hp_holder *h, int *ret_sock, struct hp_error *err) MUST_CHECK;
/* Read that message; @sock becomes part of what is returned, by a duplicate. */
int hp_holder_read(int sock, struct hp_warm *ret, struct hp_error *err) MUST_CHECK;
