/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-pumba_flag.c - tests of src/cmd/pumba_flag.c. The words of failures were read off urfave/cli
 * v1.22.17 on Go 1.26. */
#include "cmd/pumba_flag.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

struct args {
	struct hp_pflags_base base;
	bool restart;
	bool force;
	int64_t time;
	double share;
	const char *name;
	int64_t wait_ns;
	struct hp_span interval;
	struct hp_strv labels;
};
#define ARG(m) offsetof(struct args, m)

/* clang-format off: one row a flag */
static const struct hp_pflag flags[] = {
	{HP_PFLAG_BOOL, "restart, r", "TEST_RESTART", NULL, "restart", ARG(restart)},
	{HP_PFLAG_BOOL, "force", NULL, "true", "force", ARG(force)},
	{HP_PFLAG_INT, "time, t", NULL, "5", "seconds", ARG(time)},
	{HP_PFLAG_FLOAT, "share", NULL, NULL, "share", ARG(share)},
	{HP_PFLAG_STR, "name, call, n", "TEST_NAME, TEST_OTHER", "web", "name", ARG(name)},
	{HP_PFLAG_DURATION, "wait", NULL, "1s", "wait", ARG(wait_ns)},
	{HP_PFLAG_SPAN, "interval, i", NULL, NULL, "interval", ARG(interval)},
	{HP_PFLAG_LIST, "label", NULL, NULL, "label", ARG(labels)},
	HP_PFLAG_HELP(struct args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

struct parsed {
	struct args args;
	struct hp_strv operands;
	struct hp_error err;
	int rc;
};

static struct parsed parse(bool mixed, const char *const *argv)
{
	struct parsed p = {0};

	p.rc = hp_pflags_preset(flags, &p.args, &p.err);
	if (p.rc == 0)
		p.rc = hp_pflags_parse(flags, mixed, argv, &p.args, &p.operands, &p.err);
	return p;
}

static void drop(struct parsed *p)
{
	hp_pflags_clear(flags, &p->args);
	hp_strv_free(&p->operands);
}

#define PARSE(...)  parse(true, (const char *const[]){__VA_ARGS__, NULL})
#define PREFIX(...) parse(false, (const char *const[]){__VA_ARGS__, NULL})

static void assert_operands(const struct parsed *p, const char *expected)
{
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&p->operands), "|");

	assert_int_equal(p->rc, 0);
	assert_string_equal(all, expected);
}

static void test_presets(void **state)
{
	struct parsed p = parse(true, (const char *const[]){NULL});

	(void)state;
	assert_int_equal(p.rc, 0);
	assert_false(p.args.restart);
	assert_true(p.args.force);
	assert_int_equal(p.args.time, 5);
	assert_string_equal(p.args.name, "web");
	assert_int_equal(p.args.wait_ns, 1000000000);
	assert_int_equal(p.args.base.given, 0);
	drop(&p);
}

static void test_forms(void **state)
{
	struct parsed p =
		PARSE("-time", "0x10", "--n=x=y", "-r", "--force=F", "--share", ".5",
		      "--interval=10s~30s", "-wait", "-1.5h", "--label=a=b", "--label", "c");

	(void)state;
	assert_operands(&p, "");
	assert_int_equal(p.args.time, 16);
	assert_string_equal(p.args.name, "x=y");
	assert_true(p.args.restart);
	assert_false(p.args.force);
	assert_true(p.args.share == 0.5);
	assert_int_equal(p.args.interval.min_ns, INT64_C(10000000000));
	assert_int_equal(p.args.interval.max_ns, INT64_C(30000000000));
	assert_int_equal(p.args.wait_ns, INT64_C(-5400000000000));
	assert_int_equal(p.args.labels.count, 2);
	assert_true(hp_pflags_given(flags, &p.args, ARG(time)));
	assert_false(hp_pflags_given(flags, &p.args, ARG(base.help)));
	drop(&p);
}

static void test_order(void **state)
{
	struct parsed p = PARSE("a", "-r", "b", "-t", "7", "-", "--", "-c", "--help");

	(void)state;
	assert_operands(&p, "a|b|-|-c|--help");
	assert_int_equal(p.args.time, 7);
	assert_false(p.args.base.help);
	drop(&p);
	p = PREFIX("-r", "loss", "-t", "7", "--");
	assert_operands(&p, "loss|-t|7|--");
	drop(&p);
	p = PREFIX("--", "-t");
	assert_operands(&p, "-t");
	drop(&p);
	/* The last one wins; a flag that is on or off takes no word behind it. */
	p = PARSE("-t", "1", "-t", "2", "-r", "false");
	assert_operands(&p, "false");
	assert_int_equal(p.args.time, 2);
	assert_true(p.args.restart);
	drop(&p);
	/* What follows a flag is its value, whatever it looks like. */
	p = PARSE("--name", "--", "--label", "-r", "x");
	assert_operands(&p, "x");
	assert_string_equal(p.args.name, "--");
	assert_false(p.args.restart);
	drop(&p);
	p = PARSE("x", "-h");
	assert_true(p.args.base.help);
	drop(&p);
}

static void refuses(const char *why, const char *const *argv)
{
	struct parsed p = parse(true, argv);

	assert_int_equal(p.rc, -1);
	assert_int_equal(p.err.code, HP_EUSAGE);
	assert_string_equal(p.err.msg, why);
	assert_int_equal(p.operands.count, 0);
	drop(&p);
}
#define REFUSES(why, ...) refuses(why, (const char *const[]){__VA_ARGS__, NULL})

static void test_refuses(void **state)
{
	(void)state;
	REFUSES("flag provided but not defined: -nope", "a", "--nope=1");
	REFUSES("flag needs an argument: -time", "--time");
	REFUSES("invalid value \"x\" for flag -t: parse error", "-t", "x");
	REFUSES("invalid value \"99999999999999999999\" for flag -time: value out of range",
		"-time=99999999999999999999");
	REFUSES("invalid value \"1e999\" for flag -share: value out of range", "--share",
		"1e999");
	REFUSES("invalid value \"30\" for flag -wait: parse error", "--wait", "30");
	REFUSES("invalid value \"\" for flag -wait: parse error", "--wait=");
	REFUSES("invalid boolean value \"maybe\" for -restart: parse error", "--restart=maybe");
	REFUSES("invalid boolean value \"\" for -r: parse error", "-r=");
	REFUSES("bad flag syntax: -=x", "-=x");
	REFUSES("bad flag syntax: ---x", "---x");
	REFUSES("bad flag syntax: --=", "--=");
	REFUSES("Cannot use two forms of the same flag: t time", "-t", "1", "--time", "2");
	REFUSES("Cannot use two forms of the same flag: n name", "-n", "1", "--name", "2");
	REFUSES("invalid value \"3s~1s\" for flag -i: the range runs backwards", "-i", "3s~1s");
	REFUSES("invalid value \"3s~\" for flag -i: parse error", "-i", "3s~");
	REFUSES("flag provided but not defined: -rt", "-rt", "3");
}

static void test_environment(void **state)
{
	struct parsed p;

	(void)state;
	setenv("TEST_RESTART", "T", 1);
	setenv("TEST_NAME", "", 1);
	setenv("TEST_OTHER", "env", 1);
	p = PARSE("x");
	assert_true(p.args.restart);
	assert_string_equal(p.args.name, "env");
	assert_int_equal(p.args.base.given, 0);
	drop(&p);
	p = PARSE("--restart=0", "--name=arg");
	assert_false(p.args.restart);
	assert_string_equal(p.args.name, "arg");
	drop(&p);
	setenv("TEST_RESTART", "maybe", 1);
	p = PARSE("x");
	assert_int_equal(p.rc, -1);
	assert_non_null(
		strstr(p.err.msg, "could not parse maybe as bool value for flag restart"));
	drop(&p);
	unsetenv("TEST_RESTART");
	unsetenv("TEST_NAME");
	unsetenv("TEST_OTHER");
}

static void test_texts(void **state)
{
	AUTO_FREE char *form = hp_pflag_form(&flags[4]);
	AUTO_FREE char *text = hp_pflag_text(&flags[4]);
	AUTO_FREE char *flag_form = hp_pflag_form(&flags[0]);
	AUTO_FREE char *int_text = hp_pflag_text(&flags[2]);

	(void)state;
	assert_string_equal(form, "--name value, --call value, -n value");
	assert_string_equal(text, "name (default: \"web\") [$TEST_NAME, $TEST_OTHER]");
	assert_string_equal(flag_form, "--restart, -r");
	assert_string_equal(int_text, "seconds (default: 5)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_presets), FDS_TEST(test_forms),       FDS_TEST(test_order),
		FDS_TEST(test_refuses), FDS_TEST(test_environment), FDS_TEST(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
