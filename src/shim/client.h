/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - find the shims that run on this host, and ask them about their machines; for people,
 * by `harpoon vm`. Calls block. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/json.h"

/* A shim that runs. */
struct hp_shim_found {
	char *id, *ns;
	char *socket; /* path */
};

struct hp_shim_list {
	struct hp_shim_found *items;
	size_t count;
};
void hp_shim_list_clear(struct hp_shim_list *l);
HP_AUTO_VALUE(struct hp_shim_list, hp_shim_list_clear);

/* Look in the run directory of machines. What a shim that was killed has left there is removed. */
int hp_shim_list_read(const char *run_dir, struct hp_shim_list *ret,
		      struct hp_error *err) MUST_CHECK;
/* The one of container @id, or of the only one whose id begins so; @ns: NULL for any.
 * Fails: HP_ENOTFOUND; HP_EINVALID - there are several. */
int hp_shim_list_find(const struct hp_shim_list *l, const char *ns, const char *id,
		      const struct hp_shim_found **ret, struct hp_error *err) MUST_CHECK;

/* What its machine is: id, namespace, status, origin, accel, kernel, memory, cpus, shimPid, vmmPid,
 * filesPid, trouble, and phases, an array of name and ns since `start` was executed. */
int hp_shim_ask_info(const char *socket, struct hp_json **ret, struct hp_error *err) MUST_CHECK;
/* What was written to its console; with @log, the messages of its kernel instead. */
int hp_shim_ask_text(const char *socket, bool log, struct hp_buf *ret,
		     struct hp_error *err) MUST_CHECK;

/* A program in the machine, outside of its container. */
struct hp_shim_shell {
	const char *socket, *id;
	const char *const *words; /* NULL-terminated */
	bool terminal;
	uint16_t width, height;
};
/* Run it between our own standard streams until it ends. With a terminal, ours is the caller's to
 * make raw. ret_status: 0-255. */
int hp_shim_ask_shell(const struct hp_shim_shell *shell, int *ret_status,
		      struct hp_error *err) MUST_CHECK;
