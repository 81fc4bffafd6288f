/* SPDX-License-Identifier: Apache-2.0 */
/* spec_parts.h - the parts that spec.c is put together from; for this folder only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/spec.h"
#include "wire/json.h"

#define HP_SHIM_MOUNTS_MAX 1024

/* Memory that is freed all at once: messages have many small parts with one life. */
struct hp_shim__arena {
	void **items;
	size_t count;
};
void *hp_shim__arena_alloc(struct hp_shim__arena *a, size_t size); /* zeroed */
void *hp_shim__arena_array(struct hp_shim__arena *a, size_t count, size_t size);
char *hp_shim__arena_str(struct hp_shim__arena *a, const char *s);
char *hp_shim__arena_take(struct hp_shim__arena *a, char *take_s);
void hp_shim__arena_clear(struct hp_shim__arena *a);
HP_AUTO_VALUE(struct hp_shim__arena, hp_shim__arena_clear);

/* What reading needs wherever it is. */
struct hp_shim__reader {
	struct hp_shim__arena *arena;
	struct hp_strv *warnings; /* what cannot be honoured; NULL: nobody wants to know */
	const char *bundle;       /* what relative sources are relative to */
};
void hp_shim__warn(const struct hp_shim__reader *r, const char *fmt, ...) PRINTF(2, 3);

/* A field: the member @key of @object, which errors call "@where.@key". */
struct hp_shim__field {
	const struct hp_json *object;
	const char *where;
	const char *key;
};
#define HP_SHIM_FIELD(object, where, key)                                                      \
	(&(const struct hp_shim__field){(object), (where), (key)})

/* Read a field. One that is missing or null leaves *ret as it is.
 * Fails: HP_EINVALID - another type, or out of range; the field is named. */
int hp_shim__read_str(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		      char **ret, struct hp_error *err) MUST_CHECK;
/* The same for a path, which must be absolute. */
int hp_shim__read_path(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		       char **ret, struct hp_error *err) MUST_CHECK;
int hp_shim__read_strs(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		       char ***ret, size_t *ret_n, struct hp_error *err) MUST_CHECK;
int hp_shim__read_paths(const struct hp_shim__reader *r, const struct hp_shim__field *f,
			char ***ret, size_t *ret_n, struct hp_error *err) MUST_CHECK;
int hp_shim__read_bool(const struct hp_shim__field *f, bool *ret,
		       struct hp_error *err) MUST_CHECK;
int hp_shim__read_i64(const struct hp_shim__field *f, int64_t *ret,
		      struct hp_error *err) MUST_CHECK;
int hp_shim__read_u64(const struct hp_shim__field *f, uint64_t *ret,
		      struct hp_error *err) MUST_CHECK;
int hp_shim__read_u32(const struct hp_shim__field *f, uint32_t *ret,
		      struct hp_error *err) MUST_CHECK;
/* The object or the array of a field; NULL when it is missing. */
int hp_shim__read_object(const struct hp_shim__field *f, const struct hp_json **ret,
			 struct hp_error *err) MUST_CHECK;
int hp_shim__read_array(const struct hp_shim__field *f, const struct hp_json **ret,
			struct hp_error *err) MUST_CHECK;
/* An object of strings as pairs. */
int hp_shim__read_pairs(const struct hp_shim__reader *r, const struct hp_shim__field *f,
			Hp__Guest__Sysctl ***ret, size_t *ret_n,
			struct hp_error *err) MUST_CHECK;
Hp__Guest__Int *hp_shim__int(const struct hp_shim__reader *r, int64_t value);

/* process; @where is "process" for messages. */
int hp_shim__spec_process(const struct hp_shim__reader *r, const struct hp_json *v,
			  Hp__Guest__Process **ret, struct hp_error *err) MUST_CHECK;
/* linux.resources. */
int hp_shim__spec_resources(const struct hp_shim__reader *r, const struct hp_json *v,
			    Hp__Guest__Resources **ret, struct hp_error *err) MUST_CHECK;
/* mounts, and the shares that they need. */
struct hp_shim__mounts {
	Hp__Guest__Mount **mounts;
	size_t n_mounts;
	struct hp_shim_share *shares;
	size_t n_shares;
	Hp__Guest__Device **devices; /* what was bound, and is the guest's own */
	size_t n_devices;
};
int hp_shim__spec_mounts(const struct hp_shim__reader *r, const struct hp_json *config,
			 struct hp_shim__mounts *ret, struct hp_error *err) MUST_CHECK;
/* linux, without its resources and seccomp. ret_netns: as hp_shim_spec_netns(). */
int hp_shim__spec_linux(const struct hp_shim__reader *r, const struct hp_json *linux_,
			Hp__Guest__Container *c, char **ret_netns,
			struct hp_error *err) MUST_CHECK;
/* hooks. */
struct hp_shim__hooks {
	struct hp_shim_hook *hooks[HP_SHIM_HOOK_KINDS];
	size_t n[HP_SHIM_HOOK_KINDS];
};
int hp_shim__spec_hooks(const struct hp_shim__reader *r, const struct hp_json *config,
			struct hp_shim__hooks *ret, struct hp_error *err) MUST_CHECK;

/* linux.seccomp, compiled in a process of its own: libseccomp is loaded there and not here, where it
 * would take more memory than all else, and nobody waits for it meanwhile. */
struct hp_shim__seccomp;
int hp_shim__seccomp_begin(const struct hp_json *seccomp, struct hp_shim__seccomp **ret,
			   struct hp_error *err) MUST_CHECK;
void hp_shim__seccomp_free(struct hp_shim__seccomp *s); /* NULL is fine */
HP_AUTO_PTR(struct hp_shim__seccomp, hp_shim__seccomp_free);
/* What came out, once it is there: struct sock_filter[] and SECCOMP_FILTER_FLAG_*. Borrowed.
 * Fails: HP_EUNSUPPORTED - libseccomp is not installed, or an action needs the host's kernel;
 * HP_EINVALID - the profile is wrong. */
int hp_shim__seccomp_take(struct hp_shim__seccomp *s, struct hp_bytes *ret_program,
			  uint32_t *ret_flags, struct hp_error *err) MUST_CHECK;
/* The compilation itself. @library: of libseccomp. */
int hp_shim__seccomp_compile(const char *library, const struct hp_json *v,
			     struct hp_buf *ret_program, uint32_t *ret_flags,
			     struct hp_error *err) MUST_CHECK;
#define HP_SHIM_SECCOMP_LIBRARY "libseccomp.so.2"
