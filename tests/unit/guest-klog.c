/* SPDX-License-Identifier: Apache-2.0 */
/* guest-klog.c - tests of src/guest/klog.c, with this host's own messages. */
#include "guest/klog.h"

#include <fcntl.h>
#include <sys/klog.h>

#include "scratch.h"

static void reads_no_more_than_asked(void **state)
{
	/* From: syslog(2), SYSLOG_ACTION_SIZE_BUFFER. */
	const int size = klogctl(10, NULL, 0);
	AUTO(hp_buf_free) struct hp_buf some = {0};
	AUTO(hp_buf_free) struct hp_buf all = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_true(size > 0);
	assert_int_equal(hp_guest_klog_read(200, &some, &err), 0);
	assert_true(some.len <= 200);
	assert_int_equal(hp_guest_klog_read((size_t)size, &all, &err), 0);
	assert_true(all.len >= some.len);
	/* Each message begins with its level. */
	if (all.len > 0)
		assert_int_equal(all.data[0], '<');
}

static void reads_nothing_when_nothing_is_asked_for(void **state)
{
	AUTO(hp_buf_free) struct hp_buf none = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_guest_klog_read(0, &none, &err), 0);
	assert_int_equal(none.len, 0);
	assert_null(none.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_no_more_than_asked),
		FDS_TEST(reads_nothing_when_nothing_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
