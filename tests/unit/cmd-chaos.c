/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-chaos.c - tests of src/cmd/chaos*.c up to the plan: what each command line asks of the run. */
#include "cmd/chaos.h"

#include <string.h>

#include "base/alloc.h"
#include "chaos/action.h"
#include "fds.h"

/* What a command made of its words. */
struct made {
	struct hp_plan plan;
	struct hp_json *args;
	struct hp_error err;
	int rc;
};

static struct hp_chaos chaos = {.called = "pumba"};

static const struct hp_chaos_cmd *find(const struct hp_chaos_cmd *const *cmds, const char *name)
{
	while (*cmds && strcmp((*cmds)->name, name) != 0)
		cmds++;
	assert_non_null(*cmds);
	return *cmds;
}

static void make(const struct hp_chaos_cmd *const *cmds, const void *parent,
		 const char *const *words, struct made *ret)
{
	const struct hp_chaos_cmd *cmd = find(cmds, words[0]);
	AUTO_FREE void *args = hp_alloc(cmd->args_size);
	AUTO(hp_strv_free) struct hp_strv rest = {0};
	struct hp_chaos_use use = {.chaos = &chaos, .args = args, .parent = parent};

	assert_int_equal(hp_pflags_preset(cmd->flags, args, &ret->err), 0);
	ret->rc = hp_pflags_parse(cmd->flags, !cmd->subs, words + 1, args, &rest, &ret->err);
	use.operands = hp_strv_view(&rest);
	if (ret->rc == 0 && cmd->subs)
		make(cmd->subs, args, use.operands, ret);
	else if (ret->rc == 0)
		ret->rc = cmd->plan(&use, &ret->plan, &ret->args, &ret->err);
	hp_pflags_clear(cmd->flags, args);
}

static struct made plan(const char *const *words)
{
	struct made m = {0};

	make(hp_chaos_cmds, NULL, words, &m);
	return m;
}
#define PLAN(...) plan((const char *const[]){__VA_ARGS__, NULL})

/* The plan of @m has that action, and args whose text is @text. */
static void assert_plan(struct made m, const char *action, int64_t duration_ms, int64_t limit,
			const char *text)
{
	AUTO_FREE char *args = hp_json_text(m.args, false);

	if (m.rc < 0)
		fail_msg("%s", m.err.msg);
	assert_string_equal(m.plan.action->name, action);
	assert_int_equal(m.plan.duration_ns, duration_ms * 1000000);
	assert_int_equal(m.plan.select.limit, limit);
	assert_string_equal(args, text);
	hp_json_free(m.args);
}

static void assert_refused(struct made m, const char *why)
{
	assert_int_equal(m.rc, -1);
	assert_null(m.args);
	if (!strstr(m.err.msg, why))
		fail_msg("'%s' is not in '%s'", why, m.err.msg);
}

static void test_lifecycle(void **state)
{
	(void)state;
	assert_plan(PLAN("kill"), "kill", 0, 0, "{\"signal\":9}");
	assert_plan(PLAN("kill", "-s", "SIGTERM", "-l", "2"), "kill", 0, 2, "{\"signal\":15}");
	assert_plan(PLAN("kill", "--signal", "SIGIOT"), "kill", 0, 0, "{\"signal\":6}");
	assert_plan(PLAN("stop"), "stop", 0, 0, "{\"grace_ms\":5000,\"restart\":false}");
	assert_plan(PLAN("stop", "-t", "-3", "a", "--restart", "-d", "1m"), "stop-restart",
		    60000, 0, "{\"grace_ms\":5000,\"restart\":true}");
	assert_plan(PLAN("stop", "--time=2"), "stop", 0, 0,
		    "{\"grace_ms\":2000,\"restart\":false}");
	assert_plan(PLAN("pause", "--duration", "300ms"), "pause", 300, 0, "{}");
	assert_plan(PLAN("restart"), "restart", 0, 0, "{\"timeout_ms\":1000}");
	assert_plan(PLAN("restart", "-t=1.5s"), "restart", 0, 0, "{\"timeout_ms\":1500}");
	assert_plan(PLAN("rm"), hp_action_remove.name, 0, 0,
		    "{\"force\":true,\"links\":false,\"volumes\":true}");
	assert_plan(PLAN("rm", "-f=F", "-n", "a", "-v=0"), hp_action_remove.name, 0, 0,
		    "{\"force\":false,\"links\":true,\"volumes\":false}");
}

static void test_lifecycle_refuses(void **state)
{
	static const char *const signals[] = {"9",       "KILL", "sigkill",
					      "SIGNOPE", "",     "SIGRTMIN"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(signals); i++)
		assert_refused(PLAN("kill", "--signal", signals[i]),
			       "undefined Linux signal: ");
	assert_refused(PLAN("stop", "-d", "0"), "unset or invalid duration value");
	assert_refused(PLAN("stop", "-d", "30"), "unset or invalid duration value");
	assert_refused(PLAN("stop", "-t", "9223372036854775807"), "invalid time");
	assert_refused(PLAN("pause"), "unset or invalid duration value");
	assert_refused(PLAN("pause", "-d", "-1s"), "unset or invalid duration value");
	assert_refused(PLAN("restart", "-t", "-1s"), "invalid timeout");
}

static void test_exec(void **state)
{
	(void)state;
	assert_plan(PLAN("exec"), "exec", 0, 0,
		    "{\"command\":[\"kill\",\"1\"],\"privileged\":false}");
	assert_plan(PLAN("exec", "-s", "  a b\tc "), "exec", 0, 0,
		    "{\"command\":[\"a\",\"b\",\"c\"],\"privileged\":false}");
	assert_refused(PLAN("exec", "-s", "a b", "--args", "c,d e", "-a=-f"), "two forms");
	assert_plan(PLAN("exec", "-s", "a b", "-a", "c,d e", "-a=-f"), "exec", 0, 0,
		    "{\"command\":[\"a b\",\"c,d e\",\"-f\"],\"privileged\":false}");
	assert_refused(PLAN("exec", "-s", " "), "invalid command");
	assert_refused(PLAN("exec", "-s", "", "-a", "x"), "invalid command");
}

static void test_stress(void **state)
{
	(void)state;
	assert_plan(PLAN("stress", "-d", "1m"), "stress", 60000, 0,
		    "{\"stressors\":[\"--cpu\",\"4\",\"--timeout\",\"60s\"],"
		    "\"inject\":false,\"pull\":true}");
	assert_plan(PLAN("stress", "-d=1m", "--stressors=--vm 1  --vm-bytes 8m",
			 "--inject-cgroup", "--stress-image", "ng", "--pull-image=F"),
		    "stress", 60000, 0,
		    "{\"stressors\":[\"--vm\",\"1\",\"--vm-bytes\",\"8m\"],\"inject\":true,"
		    "\"image\":\"ng\",\"pull\":false}");
	assert_refused(PLAN("stress"), "unset or invalid duration value");
	assert_refused(PLAN("stress", "-d", "1s", "--stressors= "), "invalid stressors");
}

static void test_iptables(void **state)
{
	(void)state;
	assert_plan(PLAN("iptables", "--duration", "30s", "loss"), "iptables", 30000, 0,
		    "{\"interface\":\"eth0\",\"protocol\":\"any\",\"match_all\":false,"
		    "\"source\":[],\"destination\":[],\"src_ports\":[],\"dst_ports\":[],"
		    "\"mode\":\"random\",\"probability\":0,\"pull\":true}");
	assert_plan(PLAN("iptables", "-d", "1m", "-i", "net1", "-p", "udp", "-s", "10.1.2.3/8",
			 "-s", "fd00::1", "--dest", "1.2.3.4", "--sport", "53,1000-2000",
			 "--dport", "80", "--match-all", "--iptables-image", "tools",
			 "--pull-image=0", "--limit", "3", "loss", "--mode", "nth", "--every",
			 "3", "--packet", "2", "web"),
		    "iptables", 60000, 3,
		    "{\"interface\":\"net1\",\"protocol\":\"udp\",\"match_all\":true,"
		    "\"source\":[\"10.0.0.0/8\",\"fd00::1/128\"],"
		    "\"destination\":[\"1.2.3.4/32\"],\"src_ports\":[\"53\",\"1000-2000\"],"
		    "\"dst_ports\":[\"80\"],\"mode\":\"nth\",\"every\":3,\"packet\":2,"
		    "\"image\":\"tools\",\"pull\":false}");
}

static void test_iptables_refuses(void **state)
{
#define LOSS(...) PLAN("iptables", "-d", "5s", __VA_ARGS__)
	(void)state;
	assert_refused(PLAN("iptables", "loss"), "error parsing iptables parameters: unset or");
	assert_refused(LOSS("-i", "e th0", "loss"), "invalid network interface name");
	assert_refused(LOSS("-i", "0eth", "loss"), "invalid network interface name");
	assert_refused(LOSS("-i", "", "loss"), "invalid network interface name");
	assert_refused(LOSS("-p", "sctp", "loss"), "invalid protocol");
	assert_refused(LOSS("--sport", "80", "loss"), "ports need --protocol tcp or udp");
	assert_refused(LOSS("-p", "icmp", "--dport", "80", "loss"), "ports need");
	assert_refused(LOSS("-p", "tcp", "--dport", ",80", "loss"), "invalid port");
	assert_refused(LOSS("-s", "web", "loss"), "invalid source");
	assert_refused(LOSS("--dest", "1.2.3.4/33", "loss"), "invalid destination");
	assert_refused(LOSS("loss", "--probability", "1.01"), "probability");
	assert_refused(LOSS("loss", "--probability", "nan"), "probability");
	assert_refused(LOSS("loss", "--probability", "-0.1"), "probability");
	assert_refused(LOSS("loss", "--mode", "some"), "invalid loss mode");
	assert_refused(LOSS("loss", "--mode", "nth"), "every");
	assert_refused(LOSS("loss", "--mode", "nth", "--every", "3", "--packet", "3"),
		       "packet 3");
	assert_refused(LOSS("loss", "--mode", "nth", "--every", "3", "--packet=-1"),
		       "packet -1");
	assert_refused(LOSS("-p", "tcp", "--match-all", "--sport",
			    "1,2,3,4,5,6,7,8,9,10,11,12,13,"
			    "14,15,16",
			    "--dport", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "loss"),
		       "combinations");
}

static void test_iptables_and_interval(void **state)
{
	(void)state;
	chaos.globals.interval = (struct hp_span){INT64_C(5000000000), INT64_C(9000000000)};
	assert_refused(PLAN("iptables", "-d", "5s", "loss"),
		       "duration must be shorter than interval");
	chaos.globals.interval = (struct hp_span){0};
}

/* What the flags before the command must hold. */
static void check_globals(const char *why, const char *const *words)
{
	struct hp_chaos_globals globals = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv rest = {0};

	assert_int_equal(hp_pflags_preset(hp_chaos_flags, &globals, &err), 0);
	assert_int_equal(hp_pflags_parse(hp_chaos_flags, false, words, &globals, &rest, &err),
			 0);
	int rc = hp_chaos_check(&globals, &err);
	hp_pflags_clear(hp_chaos_flags, &globals);
	if (why ? rc == 0 || !strstr(err.msg, why) : rc < 0)
		fail_msg("'%s': '%s'", words[0], err.msg);
}
#define CHECK(why, ...) check_globals(why, (const char *const[]){__VA_ARGS__, NULL})

static void test_globals(void **state)
{
	(void)state;
	CHECK(NULL, "--runtime", "podman", "--count", "3", "-i", "10s~30s", "kill");
	CHECK(NULL, "--output=ndjson", "--run-id", "r-1.x", "--seed=-5", "--max-duration",
	      "1h");
	CHECK("unsupported runtime: nope", "--runtime", "nope");
	CHECK("invalid interval", "-i", "-1s");
	CHECK("invalid interval", "-i", "0s~10s");
	CHECK("invalid start-delay", "--start-delay=-1s");
	CHECK("invalid max-duration", "--max-duration=-1s");
	CHECK("invalid count", "--count=-1");
	CHECK("interval", "--count=2");
	CHECK("invalid output 'xml'", "--output", "xml");
	CHECK("run-id", "--run-id", "a/b");
	CHECK("longer than 48", "--run-id",
	      "a1234567890123456789012345678901234567890123456789");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_lifecycle),
		FDS_TEST(test_lifecycle_refuses),
		FDS_TEST(test_exec),
		FDS_TEST(test_stress),
		FDS_TEST(test_iptables),
		FDS_TEST(test_iptables_refuses),
		FDS_TEST(test_iptables_and_interval),
		FDS_TEST(test_globals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
