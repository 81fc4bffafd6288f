/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - what a shim writes down for those who come after it: `delete`, which has to work when
 * the shim does not, and `harpoon vm`. It is the file harpoon.json in the bundle; a link to it in a
 * directory of the host lets it be found without the bundle. */
#pragma once
#include <stdbool.h>

#include "base/error.h"
#include "shim/pid.h"

struct hp_shim_record {
	char *id, *ns;
	char *socket; /* path */
	char *link;   /* of the link to this record; NULL: none */
	char *cgroup; /* the spec's cgroupsPath, when the next three are in it; NULL: they are not */
	struct hp_shim_pid shim, vmm, files;
	bool exited; /* the container's first process has, with: */
	uint32_t exit_status;
	int64_t exited_at_ns;
	bool hooks_done; /* poststop has been run, or was not to be */
};

int hp_shim_record_write(const char *bundle, const struct hp_shim_record *r,
			 struct hp_error *err) MUST_CHECK;
/* Fails: HP_ENOTFOUND - there is none; HP_ECORRUPT. */
int hp_shim_record_read(const char *bundle, struct hp_shim_record *ret,
			struct hp_error *err) MUST_CHECK;
/* As above, of the file itself, or of a link to it. */
int hp_shim_record_read_file(const char *path, struct hp_shim_record *ret,
			     struct hp_error *err) MUST_CHECK;
void hp_shim_record_clear(struct hp_shim_record *r);
HP_AUTO_VALUE(struct hp_shim_record, hp_shim_record_clear);

/* Where the links are, in the run directory of machines; and the link of one container.
 * Owns: the caller. */
char *hp_shim_record_dir(const char *run_dir);
char *hp_shim_record_link(const char *run_dir, const char *ns, const char *id);
/* Make r->link, replacing what is there. */
int hp_shim_record_publish(const char *bundle, const struct hp_shim_record *r,
			   struct hp_error *err) MUST_CHECK;
