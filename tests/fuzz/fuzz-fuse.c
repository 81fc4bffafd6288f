/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-fuse.c - any bytes as FUSE requests, one after the other. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "wire/fuse.h"

static bool is_component(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strlen(name) <= HP_FUSE_NAME_MAX;
}

static bool is_within(struct hp_bytes whole, const void *part, size_t len)
{
	const uint8_t *at = part;

	return len == 0 ||
	       (at >= whole.data && len <= whole.len && at <= whole.data + whole.len - len);
}

/* What was decoded may be relied on. */
static void check(struct hp_bytes message, const struct hp_fuse_request *r)
{
	bool is_xattr = r->opcode == FUSE_GETXATTR || r->opcode == FUSE_SETXATTR ||
			r->opcode == FUSE_REMOVEXATTR;

	if (r->name) {
		FUZZ_CHECK(is_within(message, r->name, strlen(r->name) + 1));
		FUZZ_CHECK(is_xattr ? strlen(r->name) <= HP_FUSE_NAME_MAX
				    : is_component(r->name));
	}
	if (r->name2) {
		FUZZ_CHECK(is_within(message, r->name2, strlen(r->name2) + 1));
		FUZZ_CHECK(*r->name2 && (r->opcode == FUSE_SYMLINK || is_component(r->name2)));
	}
	FUZZ_CHECK(is_within(message, r->data.data, r->data.len));
	if (r->opcode == FUSE_BATCH_FORGET)
		for (size_t i = 0; i < r->in.forgets.count; i++)
			hp_fuse_forget_at(r->data, i);
	if (r->opcode == FUSE_INIT) {
		struct fuse_init_out out;

		if (hp_fuse_init_answer(&r->in.init, &out) == 0)
			FUZZ_CHECK((out.flags & ~r->in.init.flags) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_bytes in = HP_BYTES(data, size);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_fuse_request r;
	size_t len = 0;

	while (hp_fuse_message_len(in, &len, &err) > 0 && len <= in.len) {
		struct hp_bytes message = HP_BYTES(in.data, len);
		int rc = hp_fuse_request_read(message, &r);

		FUZZ_CHECK(rc == 0 || rc == EINVAL || rc == ENAMETOOLONG || rc == ENOSYS ||
			   rc == ERANGE);
		if (rc == 0)
			check(message, &r);
		in.data += len;
		in.len -= len;
	}
	return 0;
}
