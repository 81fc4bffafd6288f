/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-iptables_legacy.c - tests of src/chaos/iptables_legacy.c, on a host whose iptables is the
 * older one: a PATH that says so. */
#include "chaos_net.h"

#include <stdlib.h>

#include "base/path.h"
#include "scratch.h"

static char *dir;

/* As update-alternatives would have it. */
static int prefer_legacy(void **state)
{
	static const char *const names[] = {"iptables",  "iptables-save",  "iptables-restore",
					    "ip6tables", "ip6tables-save", "ip6tables-restore"};

	dir = scratch_new();
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		AUTO_FREE char *link = hp_path_join(dir, names[i]);

		assert_int_equal(symlink("/usr/sbin/xtables-legacy-multi", link), 0);
	}
	AUTO_FREE char *path = hp_sprintf("%s:%s", dir, getenv("PATH"));
	assert_int_equal(setenv("PATH", path, 1), 0);
	(void)state;
	return 0;
}

static int forget(void **state)
{
	(void)state;
	scratch_free(TAKE(dir));
	return 0;
}

static int set_there(void *data, struct hp_error *err)
{
	return hp_iptables_legacy_set(data, "r-1", err);
}

static int unset_there(void *data, struct hp_error *err)
{
	return hp_iptables_legacy_unset(data, err);
}

static int count_there(void *data, struct hp_error *err)
{
	return hp_iptables_legacy_count("r-1", data, err);
}

static void there(const struct chaos_net *w, hp_netns_fn fn, void *data)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_netns_call(w->netns_fd, fn, data, &err) < 0)
		fail_msg("%s", err.msg);
}

static int arrive(const struct chaos_net *w, const char *to)
{
	struct chaos_packets p = {.to = to, .to_port = 4000, .count = 10};

	chaos_net_send(w, &p);
	return p.arrived;
}

static void is_known_by_its_program(void **state)
{
	const char *path = getenv("PATH");
	AUTO_FREE char *before = hp_strdup(path);

	(void)state;
	assert_true(hp_iptables_is_legacy());
	assert_int_equal(setenv("PATH", "/nowhere:/usr/sbin", 1), 0);
	assert_false(hp_iptables_is_legacy());
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_false(hp_iptables_is_legacy());
	assert_int_equal(setenv("PATH", before, 1), 0);
}

static void drops_and_stops_dropping(void **state)
{
	AUTO(hp_json_free)
	struct hp_json *args = chaos_net_args(
		"{'interface':'eth0','protocol':'udp','dst_ports':['4000'],'probability':1}");
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_iptables_counts counts;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	assert_int_equal(hp_iptables_read(args, &t, &err), 0);
	free(chaos_net_shell(w.netns_fd, "iptables -A INPUT -p tcp -j DROP"));
	AUTO_FREE char *before = chaos_net_shell(w.netns_fd, "iptables -S");
	there(&w, set_there, &t);
	assert_int_equal(arrive(&w, "10.9.0.2"), 0);
	assert_int_equal(arrive(&w, "fd09::2"), 0);
	AUTO_FREE char *shown = chaos_net_shell(w.netns_fd, "iptables -L INPUT");
	assert_non_null(strstr(shown, "/* harpoon:r-1 */"));
	there(&w, count_there, &counts);
	assert_int_equal(counts.dropped.packets, 20);
	assert_int_equal(counts.dropped.bytes, 10 * 32 + 10 * 52);
	there(&w, unset_there, "r-2");
	assert_int_equal(arrive(&w, "10.9.0.2"), 0);
	there(&w, unset_there, "r-1");
	there(&w, unset_there, "r-1");
	assert_int_equal(arrive(&w, "10.9.0.2"), 10);
	assert_int_equal(arrive(&w, "fd09::2"), 10);
	AUTO_FREE char *after = chaos_net_shell(w.netns_fd, "iptables -S");
	assert_string_equal(after, before);
	/* The table of IPv6 was not there, and stays: without rules. */
	AUTO_FREE char *left = chaos_net_shell(w.netns_fd, "ip6tables -S");
	assert_string_equal(left, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
}

static void says_what_the_program_says(void **state)
{
	struct hp_iptables_rule rule = {.family = NFPROTO_IPV4, .source = "nonsense"};
	struct hp_iptables t = {.interface = "eth0", .rules = &rule, .count = 1};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	assert_int_equal(hp_netns_call(w.netns_fd, set_there, &t, &err), -1);
	assert_int_equal(err.code, HP_EFAILED);
	assert_non_null(strstr(err.msg, "nonsense"));
}

static void says_which_package_is_missing(void **state)
{
	struct hp_iptables_rule rule = {.family = NFPROTO_IPV4};
	struct hp_iptables t = {.interface = "eth0", .rules = &rule, .count = 1};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *before = hp_strdup(getenv("PATH"));

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(hp_iptables_legacy_set(&t, "r-1", &err), -1);
	assert_int_equal(err.code, HP_ENOCMD);
	assert_non_null(strstr(err.msg, "package iptables"));
	assert_int_equal(setenv("PATH", before, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_known_by_its_program),
		FDS_TEST(drops_and_stops_dropping),
		FDS_TEST(says_what_the_program_says),
		FDS_TEST(says_which_package_is_missing),
	};

	return cmocka_run_group_tests(tests, prefer_legacy, forget);
}
