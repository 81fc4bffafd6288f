/* SPDX-License-Identifier: Apache-2.0 */
/* shim-mount_options.c - tests of src/shim/mount_options.c. */
#include "shim/mount_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/str.h"
#include "fds.h"

static struct hp_shim_mount_options read_words(const char *text)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	struct hp_shim_mount_options o = {0};
	struct hp_error err = HP_ERROR_INIT;

	hp_strv_split(&words, text, ' ');
	if (hp_shim_mount_options_read(hp_strv_view(&words), words.count, &o, &err) < 0)
		fail_msg("%s", err.msg);
	return o;
}

static void expect(const char *text, uint64_t flags, uint64_t propagation, const char *data)
{
	AUTO(hp_shim_mount_options_clear) struct hp_shim_mount_options o = read_words(text);

	assert_int_equal(o.flags, flags);
	assert_int_equal(o.propagation, propagation);
	assert_string_equal(o.data, data);
}

static void reads_words(void **state)
{
	(void)state;
	expect("", 0, 0, "");
	expect("nosuid strictatime mode=755 size=65536k", MS_NOSUID | MS_STRICTATIME, 0,
	       "mode=755,size=65536k");
	expect("rbind ro rprivate", MS_BIND | MS_REC | MS_RDONLY, MS_PRIVATE | MS_REC, "");
	expect("bind shared slave", MS_BIND, MS_SLAVE, "");
	/* The last one wins. */
	expect("ro rw noexec exec nodev", MS_NODEV, 0, "");
	expect("defaults async", 0, 0, "");
	/* Of whole trees. */
	expect("rro rnosuid rnodev rdev", MS_RDONLY | MS_NOSUID, 0, "");
	/* No such words: the file system is to judge. */
	expect("rdirsync rloop r", 0, 0, "rdirsync,rloop,r");
	expect("x-systemd.automount X-containerd.mkdir.path=/a lowerdir=/a:/b", 0, 0,
	       "lowerdir=/a:/b");
}

static void knows_what_is_no_flag(void **state)
{
	AUTO(hp_shim_mount_options_clear)
	struct hp_shim_mount_options o = read_words("loop tmpcopyup");

	(void)state;
	assert_true(o.loop && o.copy_up);
	assert_int_equal(o.flags, 0);
	assert_string_equal(o.data, "");
}

static void refuses_mapped_ids(void **state)
{
	static const char *const words[] = {"idmap", "ridmap", "idmap=uids=0-1-2",
					    "uidmap=0:100000:65536", "gidmap=0:100000:65536"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		struct hp_shim_mount_options o = {0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_shim_mount_options_read(&words[i], 1, &o, &err), -1);
		assert_int_equal(err.code, HP_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, words[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_words),
		FDS_TEST(knows_what_is_no_flag),
		FDS_TEST(refuses_mapped_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
