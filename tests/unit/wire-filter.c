/* SPDX-License-Identifier: Apache-2.0 */
/* wire-filter.c - tests of src/wire/filter.c. */
#include "wire/filter.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static void test_networks(void **state)
{
	static const struct {
		const char *text;
		const char *clean;
	} rows[] = {
		{"10.1.2.3", "10.1.2.3/32"},
		{"10.1.2.3/8", "10.0.0.0/8"},
		{"10.1.2.255/25", "10.1.2.128/25"},
		{"1.2.3.4/0", "0.0.0.0/0"},
		{"1.2.3.4/32", "1.2.3.4/32"},
		{"fd00::1", "fd00::1/128"},
		{"FD00:0::1/64", "fd00::/64"},
		{"ffff:ffff::/17", "ffff:8000::/17"},
		{"::/0", "::/0"},
	};
	static const char *const bad[] = {
		"",           "web",       "1.2.3",        "1.2.3.4/33",  "1.2.3.4/",
		"1.2.3.4/-1", "::1/129",   "1.2.3.4/8/8",  "1.2.3.4 ",    "1.2.3.4/0x8",
		"/8",         "1.2.3.256", "fe80::1%eth0", "1.2.3.4/08 ", NULL};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *clean = NULL;
		assert_int_equal(hp_filter_network(rows[i].text, &clean, &err), 0);
		assert_string_equal(clean, rows[i].clean);
	}
	for (size_t i = 0; bad[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		char *clean = NULL;
		assert_int_equal(hp_filter_network(bad[i], &clean, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_null(clean);
	}
}

static void test_ports(void **state)
{
	static const char *const bad[] = {",",     ",80",  "80,",    "80,,81", "65536", "x",
					  "-1",    "80-",  "-",      "90-80",  "80 ",   " 80",
					  "1-2-3", "0x50", "100000", "+80",    NULL};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv ports = {0};

	(void)state;
	assert_int_equal(hp_filter_ports("", &ports, &err), 0);
	assert_int_equal(ports.count, 0);
	assert_int_equal(hp_filter_ports("80,00443,1000-2000,0,65535", &ports, &err), 0);
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&ports), " ");
	assert_string_equal(all, "80 443 1000-2000 0 65535");
	for (size_t i = 0; bad[i]; i++) {
		if (hp_filter_ports(bad[i], &ports, &err) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(err.code, HP_EINVALID);
		hp_error_clear(&err);
	}
	assert_int_equal(ports.count, 5);
}

static void test_many_ports(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO(hp_strv_free) struct hp_strv ports = {0};

	(void)state;
	for (int i = 0; i < HP_FILTER_PORTS_MAX; i++)
		hp_strv_addf(&words, "%d", i);
	AUTO_FREE char *fits = hp_strv_join(hp_strv_view(&words), ",");
	AUTO_FREE char *over = hp_sprintf("%s,1", fits);
	assert_int_equal(hp_filter_ports(over, &ports, &err), -1);
	assert_int_equal(ports.count, 0);
	hp_error_clear(&err);
	assert_int_equal(hp_filter_ports(fits, &ports, &err), 0);
	assert_int_equal(ports.count, HP_FILTER_PORTS_MAX);
}

static void test_shares(void **state)
{
	static const double bad[] = {-0.01, 1.01, INFINITY, -INFINITY, NAN};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_filter_share("probability", 0, 1, &err), 0);
	assert_int_equal(hp_filter_share("probability", 1, 1, &err), 0);
	assert_int_equal(hp_filter_share("percent", 99.9, 100, &err), 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		assert_int_equal(hp_filter_share("probability", bad[i], 1, &err), -1);
		assert_int_equal(err.code, HP_ERANGE);
		assert_non_null(strstr(err.msg, "probability"));
		hp_error_clear(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_networks),
		FDS_TEST(test_ports),
		FDS_TEST(test_many_ports),
		FDS_TEST(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
