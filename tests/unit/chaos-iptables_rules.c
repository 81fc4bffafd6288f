/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-iptables_rules.c - tests of src/chaos/iptables_rules.c. */
#include "chaos_net.h"

/* The lines of all rules, each with its family, "; " between. Owns: the caller. */
static char *lines_of(const char *text)
{
	AUTO(hp_json_free) struct hp_json *args = chaos_net_args(text);
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	AUTO(hp_strv_free) struct hp_strv lines = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_iptables_read(args, &t, &err) < 0)
		return hp_sprintf("%s: %s", hp_code_name(err.code), err.msg);
	for (size_t i = 0; i < t.count; i++) {
		AUTO_FREE char *line = hp_iptables_line(&t, &t.rules[i], "M");
		char *end = strstr(line, " -m comment --comment M -j DROP");

		assert_non_null(end);
		*end = '\0';
		hp_strv_addf(&lines, "%d %s", t.rules[i].family == NFPROTO_IPV6 ? 6 : 4, line);
	}
	return hp_strv_join(hp_strv_view(&lines), "; ");
}

#define HALF " -m statistic --mode random --probability 0.50000000000"

static const struct {
	const char *args;
	const char *lines;
} texts[] = {
	{"{'interface':'eth0','probability':0.5}",
	 "4 INPUT -i eth0" HALF "; 6 INPUT -i eth0" HALF},
	{"{'interface':'eth0','protocol':'icmp','mode':'random','probability':0.5}",
	 "4 INPUT -i eth0 -p icmp" HALF "; 6 INPUT -i eth0 -p ipv6-icmp" HALF},
	{"{'interface':'eth0','source':['10.0.0.0/8','fd00::/8'],'probability':0.5}",
	 "4 INPUT -i eth0 -s 10.0.0.0/8" HALF "; 6 INPUT -i eth0 -s fd00::/8" HALF},
	{"{'interface':'eth0','destination':['10.0.0.1/32'],'probability':0.5}",
	 "4 INPUT -i eth0 -d 10.0.0.1/32" HALF},
	{"{'interface':'e','protocol':'tcp','source':['10.0.0.0/8'],'dst_ports':['80','1-9'],"
	 "'probability':0.5}",
	 "4 INPUT -i e -p tcp -s 10.0.0.0/8" HALF "; 4 INPUT -i e -p tcp --dport 80" HALF
	 "; 6 INPUT -i e -p tcp --dport 80" HALF "; 4 INPUT -i e -p tcp --dport 1:9" HALF
	 "; 6 INPUT -i e -p tcp --dport 1:9" HALF},
	{"{'interface':'e','protocol':'udp','match_all':true,'source':['10.0.0.0/8','fd00::/8'],"
	 "'src_ports':['5'],'dst_ports':['80','1-9'],'probability':0.5}",
	 "4 INPUT -i e -p udp -s 10.0.0.0/8 --sport 5 --dport 80" HALF
	 "; 6 INPUT -i e -p udp -s fd00::/8 --sport 5 --dport 80" HALF
	 "; 4 INPUT -i e -p udp -s 10.0.0.0/8 --sport 5 --dport 1:9" HALF
	 "; 6 INPUT -i e -p udp -s fd00::/8 --sport 5 --dport 1:9" HALF},
	{"{'interface':'e','match_all':true,'source':['10.0.0.0/8'],"
	 "'destination':['10.0.0.1/32','fd00::1/128'],'probability':0.5}",
	 "4 INPUT -i e -s 10.0.0.0/8 -d 10.0.0.1/32" HALF},
	{"{'interface':'e','source':['1.2.3.4/32'],'mode':'nth','every':3,'packet':2}",
	 "4 INPUT -i e -s 1.2.3.4/32 -m statistic --mode nth --every 3 --packet 2"},
	/* Pumba cuts this to 0.00. */
	{"{'interface':'e','source':['1.2.3.4/32'],'probability':0.00012345678}",
	 "4 INPUT -i e -s 1.2.3.4/32 -m statistic --mode random --probability 0.00012345659"},
};

static void makes_rules_of_arguments(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		AUTO_FREE char *lines = lines_of(texts[i].args);

		assert_string_equal(lines, texts[i].lines);
	}
}

static const struct {
	const char *args;
	const char *error;
} wrong[] = {
	{"{}", "interface"},
	{"{'interface':'a name that is too long'}", "interface"},
	{"{'interface':'e','probability':1.01}", "probability"},
	{"{'interface':'e','probability':-0.1}", "probability"},
	{"{'interface':'e','protocol':'sctp'}", "sctp"},
	{"{'interface':'e','mode':'often'}", "often"},
	{"{'interface':'e','mode':'nth'}", "every"},
	{"{'interface':'e','mode':'nth','every':3,'packet':3}", "packet"},
	{"{'interface':'e','source':'10.0.0.0/8'}", "source"},
	{"{'interface':'e','source':[1]}", "source"},
	{"{'interface':'e','source':['10.0.0.1/8']}", "10.0.0.0/8"},
	{"{'interface':'e','dst_ports':['80']}", "tcp and udp"},
	{"{'interface':'e','protocol':'tcp','dst_ports':['80,90']}", "one port"},
	{"{'interface':'e','protocol':'tcp','dst_ports':['70000']}", "dst_ports"},
	{"{'interface':'e','match_all':true,'source':['10.0.0.0/8'],"
	 "'destination':['fd00::1/128']}",
	 "IPv6"},
};

static void refuses_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		AUTO(hp_json_free) struct hp_json *args = chaos_net_args(wrong[i].args);
		struct hp_iptables t;
		struct hp_error err = HP_ERROR_INIT;

		if (hp_iptables_read(args, &t, &err) == 0)
			fail_msg("%s: it was taken", wrong[i].args);
		assert_true(err.code == HP_EINVALID || err.code == HP_ERANGE);
		if (!strstr(err.msg, wrong[i].error))
			fail_msg("%s: %s", wrong[i].args, err.msg);
	}
}

static struct hp_json *many(size_t count, bool all)
{
	struct hp_json *args = chaos_net_args("{'interface':'e','protocol':'tcp'}");
	struct hp_json *source = hp_json_array();
	struct hp_json *ports = hp_json_array();

	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *network = hp_sprintf("10.%zu.%zu.0/24", i / 256, i % 256);
		AUTO_FREE char *port = hp_sprintf("%zu", i);

		hp_json_add(source, hp_json_new_str(network));
		hp_json_add(ports, hp_json_new_str(port));
	}
	hp_json_set(args, "source", source);
	hp_json_set(args, "dst_ports", ports);
	hp_json_set_bool(args, "match_all", all);
	return args;
}

static void has_limits(void **state)
{
	static const struct {
		size_t count;
		bool all;
		int rc;
	} cases[] = {{16, true, 0}, {17, true, -1}, {341, false, 0}, {342, false, -1}};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(cases); i++) {
		AUTO(hp_json_free) struct hp_json *args = many(cases[i].count, cases[i].all);
		AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_iptables_read(args, &t, &err), cases[i].rc);
		assert_int_equal(err.code, cases[i].rc == 0 ? HP_OK : HP_ERANGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_rules_of_arguments),
		FDS_TEST(refuses_what_is_wrong),
		FDS_TEST(has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
