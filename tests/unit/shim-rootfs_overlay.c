/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs_overlay.c - tests of src/shim/rootfs_overlay.c. */
#include <string.h>

#include "base/alloc.h"
#include "fds.h"
#include "shim/rootfs_parts.h"

static void expect(const char *data, size_t max, const char *shorter, const char *dir)
{
	AUTO_FREE char *ret_data = NULL;
	AUTO_FREE char *ret_dir = NULL;

	hp_shim__overlay_shorten(data, max, &ret_data, &ret_dir);
	if (!shorter) {
		assert_null(ret_data);
		assert_null(ret_dir);
		return;
	}
	assert_string_equal(ret_data, shorter);
	assert_string_equal(ret_dir, dir);
}

static void shortens(void **state)
{
	(void)state;
	expect("index=off,lowerdir=/s/12/fs:/s/1/fs,upperdir=/s/3/fs", 10,
	       "index=off,lowerdir=12/fs:1/fs,upperdir=/s/3/fs", "/s/");
	expect("lowerdir=/s/1/fs:/t/1/fs", 10, NULL, NULL);
	expect("lowerdir=/s/1/fs", 10, "lowerdir=fs", "/s/1/");
}

static void leaves_alone(void **state)
{
	(void)state;
	expect("lowerdir=/s/1/fs:/s/2/fs", 24, NULL, NULL);
	expect("size=65536k,mode=755", 5, NULL, NULL);
	expect("lowerdir=", 1, NULL, NULL);
	expect("lowerdir=a:b", 1, NULL, NULL);
	/* The shared directory itself is a layer. */
	expect("lowerdir=/s/a/:/s/a/b", 5, NULL, NULL);
	/* What looks like an end of a name may be none. */
	expect("lowerdir=/s/a\\:b:/s/c", 5, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(shortens),
		FDS_TEST(leaves_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
