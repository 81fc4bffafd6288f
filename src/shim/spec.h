/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - a bundle's config.json, turned into what the guest is asked for and into what the host
 * has to share. From: OCI runtime-spec config.md and config-linux.md. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct hp_shim_spec;

/* What the guest is to see below its share directory, besides the rootfs. */
struct hp_shim_share {
	const char *name;   /* "1", "2"... */
	const char *source; /* absolute, on the host */
	bool recursive;     /* with what is mounted below it */
	bool read_only;
};

/* Streams of a process, as Create and Exec name them. */
struct hp_shim_streams {
	bool in, out, err, terminal;
	uint32_t width, height; /* of the terminal; 0: what the spec says */
};

/* How the guest mounts its disk as the root. */
struct hp_shim_block {
	char *type;
	uint64_t flags; /* MS_* */
	char *data;
};

/* A program to run on the host with the container's state on its stdin. */
struct hp_shim_hook {
	const char *path;
	const char *const *args; /* NULL-terminated, args[0] too */
	const char *const *env;  /* NULL-terminated; exactly this */
	int64_t timeout_ms;      /* 0: none */
};
/* createContainer and startContainer are the guest's, and not here. */
enum hp_shim_hook_kind {
	HP_SHIM_HOOK_PRESTART,
	HP_SHIM_HOOK_CREATE_RUNTIME,
	HP_SHIM_HOOK_POSTSTART,
	HP_SHIM_HOOK_POSTSTOP,
	HP_SHIM_HOOK_KINDS
};

/* Read BUNDLE/config.json.
 * Fails: HP_ENOTFOUND - there is none; HP_ECORRUPT, HP_EINVALID - what is in it is wrong;
 * HP_EUNSUPPORTED - it asks for what a machine cannot do. */
int hp_shim_spec_read(const char *bundle, struct hp_shim_spec **ret,
		      struct hp_error *err) MUST_CHECK;
/* The same, but only for what is to be undone once the container is over: its hooks, annotations and
 * network namespace. What else it named may be gone by then. */
int hp_shim_spec_read_undo(const char *bundle, struct hp_shim_spec **ret,
			   struct hp_error *err) MUST_CHECK;
void hp_shim_spec_free(struct hp_shim_spec *s); /* NULL is fine */
HP_AUTO_PTR(struct hp_shim_spec, hp_shim_spec_free);

/* What is borrowed below lives as long as the spec. */
uint64_t hp_shim_spec_memory(const struct hp_shim_spec *s); /* limit in bytes; 0: none */
unsigned hp_shim_spec_cpus(const struct hp_shim_spec *s);   /* wanted; 0: not said */
/* The network namespace: a path, "new", or "host". */
const char *hp_shim_spec_netns(const struct hp_shim_spec *s);
const char *hp_shim_spec_root(const struct hp_shim_spec *s);     /* root.path, made absolute */
const char *hp_shim_spec_hostname(const struct hp_shim_spec *s); /* "" when there is none */
/* Of the VMM on the host; "" when there is none. */
const char *hp_shim_spec_cgroups_path(const struct hp_shim_spec *s);
bool hp_shim_spec_terminal(const struct hp_shim_spec *s); /* process.terminal */
const struct hp_shim_share *hp_shim_spec_shares(const struct hp_shim_spec *s, size_t *ret_n);
const struct hp_shim_hook *hp_shim_spec_hooks(const struct hp_shim_spec *s,
					      enum hp_shim_hook_kind kind, size_t *ret_n);
/* What the machine cannot honour, or does in another way: lines for the log. */
const struct hp_strv *hp_shim_spec_warnings(const struct hp_shim_spec *s);
/* Pairs KEY, VALUE, KEY, VALUE... */
const struct hp_strv *hp_shim_spec_annotations(const struct hp_shim_spec *s);

/* Append a packed hp.guest.CreateRequest. @block: NULL: the root is what the host shares.
 * Fails: HP_EEXHAUSTED - over the buffer's maximum. */
int hp_shim_spec_create(const struct hp_shim_spec *s, const char *id,
			const struct hp_shim_streams *streams,
			const struct hp_shim_block *block, struct hp_buf *ret_packed,
			struct hp_error *err) MUST_CHECK;
/* Append a packed hp.guest.ExecRequest of the OCI Process in @process_json.
 * Fails: HP_EINVALID, HP_ECORRUPT - it is none. */
int hp_shim_spec_exec(const struct hp_shim_spec *s, struct hp_bytes process_json,
		      uint32_t number, const struct hp_shim_streams *streams,
		      struct hp_buf *ret_packed, struct hp_error *err) MUST_CHECK;
/* Append a packed hp.guest.UpdateRequest of the OCI LinuxResources in @resources_json. */
int hp_shim_spec_update(struct hp_bytes resources_json, struct hp_buf *ret_packed,
			struct hp_error *err) MUST_CHECK;
