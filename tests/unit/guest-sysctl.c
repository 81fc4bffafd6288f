/* SPDX-License-Identifier: Apache-2.0 */
/* guest-sysctl.c - tests of src/guest/sysctl.c. */
#include "guest/sysctl.h"

#include "apart.h"
#include "base/str.h"

static void finds_files_by_both_separators(void **state)
{
	static const char *const rows[][2] = {
		{"net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"},
		{"net/ipv4/ip_forward", "/proc/sys/net/ipv4/ip_forward"},
		{"net/ipv4/conf/eth0.1/forwarding",
		 "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"net.ipv4.conf.eth0/1.forwarding",
		 "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"single", "/proc/sys/single"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *path = hp_guest_sysctl_path(rows[i][0]);

		assert_string_equal(path, rows[i][1]);
	}
}

static int are_set(void *arg)
{
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	Hp__Guest__Sysctl domain = HP__GUEST__SYSCTL__INIT;
	Hp__Guest__Sysctl other = HP__GUEST__SYSCTL__INIT;
	Hp__Guest__Sysctl *rows[] = {&domain, &other};
	struct hp_error err = HP_ERROR_INIT;
	char name[65] = "";

	(void)arg;
	domain.key = (char *)"kernel.domainname";
	domain.value = (char *)"example.org";
	other.key = (char *)"kernel/msgmax";
	other.value = (char *)"4321";
	c.sysctls = rows;
	c.n_sysctls = 2;
	APART_DONE(hp_guest_sysctls_set(&c, &err), &err);
	APART_CHECK(getdomainname(name, sizeof(name)) == 0 && hp_str_eq(name, "example.org"));
	other.value = (char *)"no number";
	APART_CHECK(hp_guest_sysctls_set(&c, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "sysctl 'kernel/msgmax' to 'no number': "));
	hp_error_clear(&err);
	other.key = (char *)"kernel.nothing";
	APART_CHECK(hp_guest_sysctls_set(&c, &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND &&
		    hp_str_starts(err.msg, "sysctl 'kernel.nothing'"));
	return 0;
}

static void sets_them_in_its_namespaces(void **state)
{
	(void)state;
	assert_int_equal(apart(are_set, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_files_by_both_separators),
		FDS_TEST(sets_them_in_its_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
