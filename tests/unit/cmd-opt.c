/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-opt.c - tests of src/cmd/opt.c. */
#include "cmd/opt.h"

#include <string.h>

#include "fds.h"

struct args {
	bool all;
	bool proxy;
	const char *name;
	const char *format;
	struct hp_strv envs;
	struct hp_labels labels;
	int64_t tail;
	int64_t memory;
	int64_t swap;
	int64_t cpus;
	int64_t grace;
};

/* clang-format off: one row an option */
static const struct hp_opt opts[] = {
	HP_OPT_FLAG('a', "all", struct args, all, "all"),
	HP_OPT_FLAG_ON(0, "proxy", struct args, proxy, "proxy"),
	HP_OPT_STR('n', "name", struct args, name, "NAME", "name"),
	HP_OPT_WORD(0, "format", struct args, format, "table|json", "format"),
	HP_OPT_LIST('e', "env", struct args, envs, "KEY=VALUE", "env"),
	HP_OPT_PAIRS('l', "label", struct args, labels, "KEY=VALUE", "label"),
	HP_OPT_INT('t', "tail", struct args, tail, "tail", -1, 100, 7),
	HP_OPT_SIZE('m', "memory", struct args, memory, "SIZE", "memory"),
	HP_OPT_SIZE_ANY(0, "swap", struct args, swap, "SIZE", "swap"),
	HP_OPT_NANO(0, "cpus", struct args, cpus, "N", "cpus"),
	HP_OPT_MS(0, "grace", struct args, grace, "TIME", "grace", -1),
	HP_OPT_END,
};
/* clang-format on */

struct parsed {
	struct args args;
	struct hp_strv operands;
	struct hp_error err;
	int rc;
};

static struct parsed parse(bool verbatim, const char *const *argv)
{
	struct parsed p = {0};
	p.rc = hp_opts_parse(opts, verbatim, argv, &p.args, &p.operands, &p.err);
	return p;
}

static void drop(struct parsed *p)
{
	hp_opts_clear(opts, &p->args);
	hp_strv_free(&p->operands);
}

#define PARSE(...)    parse(false, (const char *const[]){__VA_ARGS__, NULL})
#define VERBATIM(...) parse(true, (const char *const[]){__VA_ARGS__, NULL})

static void refuses(const char *const *argv, const char *why)
{
	struct parsed p = parse(false, argv);

	assert_int_equal(p.rc, -1);
	assert_int_equal(p.err.code, HP_EUSAGE);
	if (!strstr(p.err.msg, why))
		fail_msg("'%s' is not in '%s'", why, p.err.msg);
	assert_int_equal(p.operands.count, 0);
	drop(&p);
}
#define REFUSES(why, ...) refuses((const char *const[]){__VA_ARGS__, NULL}, why)

static void test_defaults(void **state)
{
	(void)state;
	struct parsed p = parse(false, (const char *const[]){NULL});

	assert_int_equal(p.rc, 0);
	assert_false(p.args.all);
	assert_true(p.args.proxy);
	assert_null(p.args.name);
	assert_int_equal(p.args.tail, 7);
	assert_int_equal(p.args.grace, -1);
	assert_int_equal(p.operands.count, 0);
	drop(&p);
}

static void test_every_type(void **state)
{
	(void)state;
	struct parsed p =
		PARSE("--all", "--proxy=false", "--name=a=b", "--format", "json", "-eA=1", "-e",
		      "B", "--label", "k=v=w", "-l", "alone", "-t", "-1", "-m=64m", "--swap",
		      "-1", "--cpus", "1.5", "--grace", "1m30s");

	assert_int_equal(p.rc, 0);
	assert_true(p.args.all);
	assert_false(p.args.proxy);
	assert_string_equal(p.args.name, "a=b");
	assert_string_equal(p.args.format, "json");
	assert_int_equal(p.args.envs.count, 2);
	assert_string_equal(p.args.envs.items[0], "A=1");
	assert_string_equal(p.args.envs.items[1], "B");
	assert_string_equal(hp_labels_get(&p.args.labels, "k"), "v=w");
	assert_string_equal(hp_labels_get(&p.args.labels, "alone"), "");
	assert_int_equal(p.args.tail, -1);
	assert_int_equal(p.args.memory, 64 << 20);
	assert_int_equal(p.args.swap, -1);
	assert_int_equal(p.args.cpus, 1500000000);
	assert_int_equal(p.args.grace, 90000);
	drop(&p);
}

static void test_bundles_and_operands(void **state)
{
	(void)state;
	struct parsed p = PARSE("one", "-an", "two", "three", "-", "--", "--all", "-x");

	assert_int_equal(p.rc, 0);
	assert_true(p.args.all);
	assert_string_equal(p.args.name, "two");
	assert_int_equal(p.operands.count, 5);
	assert_string_equal(p.operands.items[0], "one");
	assert_string_equal(p.operands.items[2], "-");
	assert_string_equal(p.operands.items[4], "-x");
	drop(&p);
}

static void test_verbatim(void **state)
{
	(void)state;
	struct parsed p = VERBATIM("-a", "image", "--all", "--nope", "--", "-z", "--help");

	assert_int_equal(p.rc, 0);
	assert_int_equal(p.operands.count, 6);
	assert_string_equal(p.operands.items[1], "--all");
	assert_string_equal(p.operands.items[3], "--");
	drop(&p);
}

static void test_help(void **state)
{
	(void)state;
	struct parsed p = PARSE("--all", "--help", "--nonsense");

	assert_int_equal(p.rc, 1);
	drop(&p);
	p = PARSE("-ah");
	assert_int_equal(p.rc, 1);
	drop(&p);
}

static void test_refusals(void **state)
{
	(void)state;
	REFUSES("unknown option --alll; did you mean --all?", "--alll");
	REFUSES("unknown option --completely-else", "--completely-else=1");
	REFUSES("unknown option -z in '-az'", "-az");
	REFUSES("--name needs a value: NAME", "--name");
	REFUSES("-n needs a value", "-an");
	REFUSES("neither true nor false", "--all=maybe");
	REFUSES("--format: 'xml' is none of table|json", "--format", "xml");
	REFUSES("no key", "--label", "=v");
	REFUSES("--tail: 101 is not from -1 to 100", "--tail=101");
	REFUSES("--tail", "-t", "99999999999999999999999");
	REFUSES("--memory", "--memory", "-1");
	REFUSES("--memory", "--memory", "lots");
	REFUSES("--cpus", "--cpus", "1e9");
	REFUSES("--grace", "--grace", "soon");
	REFUSES("--al", "--al"); /* no abbreviations */
	REFUSES("unknown option --", "--=x");
}

/* The letter of an option is never taken for help. */
static void test_letter_h(void **state)
{
	(void)state;
	struct host {
		const char *hostname;
	} args = {0};
	static const struct hp_opt table[] = {
		HP_OPT_STR('h', "hostname", struct host, hostname, "NAME", "host name"),
		HP_OPT_END,
	};
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_opts_parse(table, true, (const char *const[]){"-h", "box", NULL},
				       &args, &operands, &err),
			 0);
	assert_string_equal(args.hostname, "box");
}

static void test_no_table(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_opts_parse(NULL, false, (const char *const[]){"a", NULL}, NULL,
				       &operands, &err),
			 0);
	assert_int_equal(operands.count, 1);
	AUTO(hp_strv_free) struct hp_strv none = {0};
	assert_int_equal(hp_opts_parse(NULL, false, (const char *const[]){"-a", NULL}, NULL,
				       &none, &err),
			 -1);
	assert_null(hp_opts_find(NULL, "all"));
	assert_ptr_equal(hp_opts_find(opts, "all"), &opts[0]);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(hp_opts_distance("", ""), 0);
	assert_int_equal(hp_opts_distance("abc", ""), 3);
	assert_int_equal(hp_opts_distance("start", "satrt"), 1);
	assert_int_equal(hp_opts_distance("kill", "kil"), 1);
	assert_int_equal(hp_opts_distance("run", "rum"), 1);
	assert_int_equal(hp_opts_distance("images", "import"), 4);
	char longer[200];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(hp_opts_distance(longer, "x"), 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_defaults),
		FDS_TEST(test_every_type),
		FDS_TEST(test_bundles_and_operands),
		FDS_TEST(test_verbatim),
		FDS_TEST(test_help),
		FDS_TEST(test_refusals),
		FDS_TEST(test_letter_h),
		FDS_TEST(test_no_table),
		FDS_TEST(test_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
