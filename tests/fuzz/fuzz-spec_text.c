/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-spec_text.c - any text as a volume, a mount, a tmpfs, a device and a ulimit. */
#include <harpoon/spec.h>

#include "base/alloc.h"
#include "base/str.h"
#include "fuzz.h"

static void check_mount(int result, struct hp_mount *m, const struct hp_error *err)
{
	if (result < 0) {
		FUZZ_CHECK(err->code == HP_EINVALID && !m->target);
		return;
	}
	FUZZ_CHECK(m->source && m->target[0] == '/' && m->target[1]);
	FUZZ_CHECK(m->type != HP_MOUNT_BIND || m->source[0] == '/');
	FUZZ_CHECK(m->type != HP_MOUNT_VOLUME || !strchr(m->source, '/'));
	hp_mount_clear(m);
}

static void try_mounts(const char *text)
{
	int (*const parsers[])(const char *, struct hp_mount *, struct hp_error *) = {
		hp_mount_parse_volume,
		hp_mount_parse,
		hp_mount_parse_tmpfs,
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(parsers); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};
		int result = parsers[i](text, &m, &err);

		check_mount(result, &m, &err);
	}
}

static void try_device(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_device d = {0};

	if (hp_device_parse(text, &d, &err) < 0)
		FUZZ_CHECK(err.code == HP_EINVALID);
	else
		FUZZ_CHECK(d.host_path[0] == '/');
	hp_device_clear(&d);
}

static void try_ulimit(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ulimit u = {0};

	if (hp_ulimit_parse(text, &u, &err) < 0)
		FUZZ_CHECK(err.code == HP_EINVALID);
	else
		FUZZ_CHECK(u.name && u.soft <= u.hard);
	hp_ulimit_clear(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup((const char *)data, size);

	try_mounts(text);
	try_device(text);
	try_ulimit(text);
	return 0;
}
