/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-passwd.c - three texts, separated by NULs: a user, a passwd and a group file. */
#include "base/alloc.h"
#include "fuzz.h"
#include "wire/passwd.h"

/* Take the bytes up to the next NUL off @in. */
static struct hp_bytes next_part(struct hp_bytes *in)
{
	const uint8_t *nul = in->len ? memchr(in->data, 0, in->len) : NULL;
	size_t len = nul ? (size_t)(nul - in->data) : in->len;
	struct hp_bytes part = HP_BYTES(in->data, len);

	len += nul ? 1 : 0;
	*in = HP_BYTES(in->data + len, in->len - len);
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_bytes in = HP_BYTES(data, size);
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_user_clear) struct hp_user u = {0};
	struct hp_bytes user = next_part(&in);
	struct hp_bytes passwd = next_part(&in);
	AUTO_FREE char *text = hp_strndup((const char *)user.data, user.len);
	const char *const extra[] = {text, NULL};

	if (hp_user_resolve(text, passwd, in, size & 1 ? extra : NULL, &u, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ENOTFOUND || err.code == HP_EINVALID);
		return 0;
	}
	FUZZ_CHECK(u.home && u.uid <= INT32_MAX && u.gid <= INT32_MAX);
	for (size_t i = 0; i < u.n_gids; i++)
		FUZZ_CHECK(u.gids[i] != u.gid && (i == 0 || u.gids[i - 1] < u.gids[i]));
	return 0;
}
