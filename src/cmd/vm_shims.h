/* SPDX-License-Identifier: Apache-2.0 */
/* vm_shims.h - what the commands of `harpoon vm` that ask shims share. */
#pragma once
#include "cmd/cli.h"
#include "shim/client.h"
#include "wire/json.h"

/* The shims that run, of all namespaces unless --namespace was given. */
int hp_vm_shims(const struct hp_use *use, struct hp_shim_list *ret,
		struct hp_error *err) MUST_CHECK;
/* The one of the first operand: an id, the beginning of one, or a name that the engine knows. @ret
 * borrows from @list. */
int hp_vm_shim(const struct hp_use *use, struct hp_shim_list *list,
	       const struct hp_shim_found **ret, struct hp_error *err) MUST_CHECK;
