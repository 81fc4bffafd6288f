/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-iptables.c - tests of src/chaos/iptables.c: the action on a process in a namespace of its
 * own, and on one whose packets go to a machine. */
#include "chaos/action.h"

#include <signal.h>
#include <sys/prctl.h>

#include "chaos_net.h"
#include "fake/chaos_world.h"
#include "net/tap.h"
#include "net/tc.h"
#include "tap_host.h"

/* A container's process in the namespace of a chaos_net. */
struct contained {
	struct chaos_net net;
	struct chaos_world world;
	struct hp_fault *f;
	pid_t pid;
};

static pid_t start_in(int netns_fd)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setns(netns_fd, CLONE_NEWNET) < 0 || write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static struct hp_fault *fault_of(struct contained *c, unsigned n, const char *text)
{
	const struct hp_fault_world world = {
		.engine_name = "fake", .config = &c->world.config, .journal = c->world.journal};
	AUTO(hp_container_free) struct hp_container *container = hp_container_new();
	AUTO(hp_json_free) struct hp_json *args = chaos_net_args(text);
	AUTO_FREE char *id = hp_sprintf("r-%u", n);

	hp_field_set(&container->id, "web");
	hp_field_set(&container->name, "web");
	container->pid = c->pid;
	return hp_fault_new(&world, id, &hp_action_iptables, container, args);
}

static void contained_open(struct contained *c, const char *args)
{
	chaos_net_open(&c->net);
	chaos_world_open(&c->world, 0);
	c->pid = start_in(c->net.netns_fd);
	c->f = fault_of(c, 1, args);
}

static void contained_end(struct contained *c)
{
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
	c->pid = 0;
}

static void contained_close(struct contained *c)
{
	hp_fault_free(c->f);
	if (c->pid)
		contained_end(c);
	chaos_world_close(&c->world);
	chaos_net_close(&c->net);
}
HP_AUTO_VALUE(struct contained, contained_close);

#define ALL_UDP "{'interface':'eth0','protocol':'udp','dst_ports':['4000'],'probability':1}"

static int arrive(const struct contained *c)
{
	struct chaos_packets p = {.to = "10.9.0.2", .to_port = 4000, .count = 10};

	chaos_net_send(&c->net, &p);
	return p.arrived;
}

static const char *effect(struct hp_labels *effects, const char *key)
{
	const char *value = hp_labels_get(effects, key);

	return value ? value : "none";
}

static void is_applied_observed_and_undone(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels effects = {0};

	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	AUTO_FREE char *before = chaos_net_all(&c.net);
	OK(hp_action_iptables.undo(c.f, &err));
	OK(hp_action_iptables.apply(c.f, &err));
	assert_int_equal(arrive(&c), 0);
	OK(hp_action_iptables.observe(c.f, &effects, &err));
	assert_string_equal(effect(&effects, "packets_seen"), "10");
	assert_string_equal(effect(&effects, "packets_dropped"), "10");
	assert_string_equal(effect(&effects, "bytes_dropped"), "320");
	OK(hp_action_iptables.undo(c.f, &err));
	OK(hp_action_iptables.undo(c.f, &err));
	assert_int_equal(arrive(&c), 10);
	AUTO_FREE char *after = chaos_net_all(&c.net);
	assert_string_equal(after, before);
}

static void another_process_undoes_it(void **state)
{
	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	OK(hp_fault_apply(c.f, &err));
	hp_fault_free(TAKE(c.f));
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	OK(hp_journal_read(c.world.journal, &list, &err));
	assert_int_equal(list.count, 1);
	if (!list.items[0].fault)
		fail_msg("%s", list.items[0].why.msg);
	OK(hp_journal_adopt(&list.items[0], &err));
	OK(hp_fault_undo(list.items[0].fault, 1000, &err));
	AUTO_FREE char *after = chaos_net_all(&c.net);
	assert_string_equal(after, "");
}

static void a_target_may_go_meanwhile(void **state)
{
	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	OK(hp_action_iptables.apply(c.f, &err));
	contained_end(&c);
	/* The namespace lives on, as those of pods do. */
	OK(hp_action_iptables.undo(c.f, &err));
	AUTO_FREE char *after = chaos_net_all(&c.net);
	assert_string_equal(after, "");
	AUTO(hp_fault_free) struct hp_fault *late = fault_of(&c, 2, ALL_UDP);
	late->container->pid = 0x7ffffff0;
	late->reach->netns_inode = 1;
	FAILS(HP_ENOTFOUND, hp_action_iptables.apply(late, &err));
	OK(hp_action_iptables.undo(late, &err));
}

static void two_on_one_target(void **state)
{
	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	AUTO(hp_fault_free) struct hp_fault *other = fault_of(&c, 2, ALL_UDP);
	OK(hp_action_iptables.apply(c.f, &err));
	OK(hp_action_iptables.apply(other, &err));
	OK(hp_action_iptables.undo(c.f, &err));
	assert_int_equal(arrive(&c), 0);
	OK(hp_action_iptables.undo(other, &err));
	assert_int_equal(arrive(&c), 10);
	AUTO_FREE char *after = chaos_net_all(&c.net);
	assert_string_equal(after, "");
}

static void says_what_interfaces_there_are(void **state)
{
	struct hp_error why = HP_ERROR_INIT;

	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, "{'interface':'eth7','probability':1}");
	assert_int_equal(hp_action_iptables.apply(c.f, &why), -1);
	assert_int_equal(why.code, HP_ENOTFOUND);
	assert_non_null(strstr(why.msg, "'eth7'"));
	assert_non_null(strstr(why.msg, "lo, eth0"));
	hp_error_clear(&why);
	AUTO(hp_fault_free) struct hp_fault *wrong = fault_of(&c, 2, "{'interface':''}");
	FAILS(HP_EINVALID, hp_action_iptables.apply(wrong, &err));
	OK(hp_action_iptables.undo(wrong, &err));
}

static void says_what_it_would_do(void **state)
{
	AUTO(hp_strv_free) struct hp_strv apply = {0};
	AUTO(hp_strv_free) struct hp_strv undo = {0};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	hp_action_iptables.steps(c.f, &apply, &undo);
	assert_int_equal(apply.count, 2);
	/* They are commands that work, and do the same. */
	for (size_t i = 0; i < apply.count; i++) {
		AUTO_FREE char *words = chaos_net_shell(c.net.netns_fd, apply.items[i]);
		assert_string_equal(words, "");
	}
	assert_int_equal(arrive(&c), 0);
	AUTO_FREE char *theirs =
		chaos_net_shell(c.net.netns_fd, "iptables-save; ip6tables-save");
	for (size_t i = 0; i < undo.count; i++) {
		AUTO_FREE char *words = chaos_net_shell(c.net.netns_fd, undo.items[i]);
		assert_string_equal(words, "");
	}
	assert_int_equal(arrive(&c), 10);
	OK(hp_action_iptables.apply(c.f, &err));
	AUTO_FREE char *ours = chaos_net_shell(c.net.netns_fd, "iptables-save; ip6tables-save");
	assert_string_equal(ours, theirs);
	OK(hp_action_iptables.undo(c.f, &err));

	hp_action_iptables.describe(c.f->args, &fields);
	assert_string_equal(effect(&fields, "commandPrefix"), "[-I INPUT -i eth0 -p udp]");
	assert_string_equal(effect(&fields, "dports"), "[4000]");
	assert_string_equal(effect(&fields, "srcIPs"), "[]");
}

/* The kernel's own part of a fault: what a test of the whole cannot tell from the rest. */
static void is_quick(void **state)
{
	int64_t best = INT64_MAX;

	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	for (int i = 0; i < 20; i++) {
		int64_t begin = hp_clock_ns();

		OK(hp_action_iptables.apply(c.f, &err));
		int64_t took = hp_clock_ns() - begin;
		best = took < best ? took : best;
		OK(hp_action_iptables.undo(c.f, &err));
	}
	print_message("# applied in %lld us at best\n", (long long)best / 1000);
	assert_true(best < 15 * 1000000);
}

/* A machine's tap beside "eth0", as the shim connects them. */
static int open_tap(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];

	return hp_tap_open("harpoon%d", name, data, err);
}

static void connect_machine(struct contained *c, struct tap_host *host)
{
	AUTO(hp_netlink_close) struct hp_netlink theirs = HP_NETLINK_INIT;
	uint32_t eth0, tap;

	*host = (struct tap_host){.mac = {2, 0, 0, 0, 0, 0x99}, .ip = htonl(0x0a090002)};
	OK(hp_netns_call(c->net.netns_fd, open_tap, &host->fd, &err));
	nets_socket(c->net.netns_fd, &theirs);
	eth0 = nets_index(&theirs, "eth0");
	tap = nets_index(&theirs, "harpoon0");
	nets_up(&theirs, tap);
	OK(hp_tc_redirect(&theirs, tap, eth0, &err));
	OK(hp_tc_redirect(&theirs, eth0, tap, &err));
}

static void a_machine_is_out_of_reach(void **state)
{
	struct hp_error why = HP_ERROR_INIT;
	struct tap_host host;

	(void)state;
	AUTO(contained_close) struct contained c;

	contained_open(&c, ALL_UDP);
	connect_machine(&c, &host);
	assert_int_equal(hp_action_iptables.apply(c.f, &why), -1);
	assert_int_equal(why.code, HP_EUNSUPPORTED);
	assert_non_null(strstr(why.msg, "machine"));
	OK(hp_action_iptables.undo(c.f, &err));
	close(host.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_applied_observed_and_undone),
		FDS_TEST(another_process_undoes_it),
		FDS_TEST(a_target_may_go_meanwhile),
		FDS_TEST(two_on_one_target),
		FDS_TEST(says_what_interfaces_there_are),
		FDS_TEST(says_what_it_would_do),
		FDS_TEST(is_quick),
		FDS_TEST(a_machine_is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
