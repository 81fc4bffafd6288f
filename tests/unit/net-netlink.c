/* SPDX-License-Identifier: Apache-2.0 */
/* net-netlink.c - tests of src/net/netlink.c: with the kernel, and with a kernel that is played. */
#include "net/netlink.h"

#include <sys/socket.h>

#include "nets.h"
#include "torture.h"

static void begin_dump(struct hp_netlink_request *r)
{
	struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};

	hp_netlink_begin(r, RTM_GETADDR, 0, &all, sizeof(all));
}

static void does_what_it_is_asked(void **state)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	(void)state;
	nets_socket(-1, &n);
	nets_device(&n, "asked", "bridge");
	nets_view(&n, &v);
	assert_string_equal(nets_find(&v, "asked")->kind, "bridge");
}

static void says_why_not(void **state)
{
	struct ifinfomsg none = {.ifi_index = 4321};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct hp_netlink_request r;

	(void)state;
	nets_socket(-1, &n);
	hp_netlink_begin(&r, RTM_DELLINK, 0, &none, sizeof(none));
	assert_int_equal(hp_netlink_ask(&n, &r, &err), -1);
	assert_int_equal(err.sys, ENODEV);
	hp_error_clear(&err);
	/* This one has words of its own. */
	hp_netlink_begin(&r, RTM_NEWLINK, NLM_F_CREATE, &none, sizeof(none));
	assert_int_equal(hp_netlink_ask(&n, &r, &err), -1);
	assert_non_null(strstr(err.msg, "the kernel says"));
	hp_error_clear(&err);
	for (int i = 0; i < 300; i++)
		hp_netlink_put_u32(&r, 1, 1);
	assert_int_equal(hp_netlink_ask(&n, &r, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

static void stays_in_its_namespace(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink ours = HP_NETLINK_INIT;
	AUTO(hp_netlink_close) struct hp_netlink theirs = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	AUTO_CLOSE int fd = -1;

	(void)state;
	assert_int_equal(hp_netns_new(&fd, &err), 0);
	nets_socket(-1, &ours);
	nets_socket(fd, &theirs);
	nets_device(&theirs, "inside", "bridge");
	nets_view(&ours, &v);
	for (size_t i = 0; i < v.n_links; i++)
		assert_string_not_equal(v.links[i].name, "inside");
	assert_int_not_equal(nets_index(&theirs, "inside"), 0);
}

static void reads_long_dumps(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_request r;
	struct hp_netlink_message m;
	size_t count = 0;

	(void)state;
	nets_socket(-1, &n);
	nets_device(&n, "many", "bridge");

	uint32_t link = nets_index(&n, "many");

	for (int i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.8.%d.%d", i / 250, i % 250 + 1);
		nets_address(&n, link, text, 32);
	}
	begin_dump(&r);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	assert_int_equal(hp_netlink_dump(&n, &r, &dump, &err), 0);
	for (struct hp_bytes in = hp_buf_bytes(&dump); hp_netlink_next(&in, &m, &err) > 0;)
		count += m.type == RTM_NEWADDR;
	assert_int_equal(count, 1000);
	assert_true(dump.len > (size_t)64 * 1024);
	hp_buf_free(&dump);
	hp_buf_init(&dump, (size_t)64 * 1024);
	assert_int_equal(hp_netlink_dump(&n, &r, &dump, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	/* What is left of that dump does not disturb the next one. */
	hp_buf_free(&dump);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	assert_int_equal(hp_netlink_dump(&n, &r, &dump, &err), 0);
	nets_address(&n, link, "10.9.9.9", 32);
}

/* A kernel that has its answers ready. */
struct played {
	struct hp_netlink n;
	int kernel;
};

static void play(struct played *p)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	p->n = (struct hp_netlink){.fd = pair[0]};
	p->kernel = pair[1];
}

static void played_end(struct played *p)
{
	hp_netlink_close(&p->n);
	close(p->kernel);
}

static void say(const struct played *p, uint16_t type, uint16_t flags, uint32_t number,
		int32_t status)
{
	struct nlmsgerr fixed = {.error = status, .msg.nlmsg_len = sizeof(struct nlmsghdr)};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, type, flags, &fixed, sizeof(fixed));

	struct hp_bytes message = hp_netlink_end(&r, 0, number);

	assert_int_equal(send(p->kernel, message.data, message.len, 0), message.len);
}

static void begins_anew_when_it_was_disturbed(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_request r;
	struct played p;

	(void)state;
	play(&p);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	say(&p, RTM_NEWADDR, NLM_F_DUMP_INTR, 1, 0);
	say(&p, RTM_NEWADDR, 0, 1, 0);
	say(&p, NLMSG_DONE, 0, 1, 0);
	say(&p, RTM_NEWADDR, 0, 2, 0);
	say(&p, NLMSG_DONE, 0, 2, 0);
	begin_dump(&r);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), 0);
	/* Two messages of a header, an error and a header: the first three are forgotten. */
	assert_int_equal(dump.len, 2 * (16 + sizeof(struct nlmsgerr)));

	for (uint32_t number = 3; number < 11; number++)
		say(&p, NLMSG_DONE, NLM_F_DUMP_INTR, number, 0);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), -1);
	assert_int_equal(err.code, HP_EABORTED);
	played_end(&p);
}

static void passes_over_old_answers(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_request r;
	struct played p;

	(void)state;
	play(&p);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	p.n.number = 6;
	say(&p, NLMSG_ERROR, 0, 6, -EPERM);
	say(&p, NLMSG_ERROR, 0, 7, 0);
	begin_dump(&r);
	assert_int_equal(hp_netlink_ask(&p.n, &r, &err), 0);
	say(&p, NLMSG_DONE, 0, 7, 0);
	say(&p, NLMSG_DONE, 0, 8, 0);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), 0);
	assert_int_equal(dump.len, 16 + sizeof(struct nlmsgerr));
	played_end(&p);
}

static void fails_as_the_answer_says(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_request r;
	struct played p;

	(void)state;
	play(&p);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	begin_dump(&r);
	say(&p, NLMSG_ERROR, 0, 1, -EPERM);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), -1);
	assert_int_equal(err.code, HP_EDENIED);
	hp_error_clear(&err);
	say(&p, NLMSG_DONE, 0, 2, -EMFILE);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	assert_int_equal(send(p.kernel, "rubbish", 7, 0), 7);
	assert_int_equal(hp_netlink_dump(&p.n, &r, &dump, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	hp_error_clear(&err);
	say(&p, RTM_NEWADDR, 0, 4, 0);
	assert_int_equal(hp_netlink_ask(&p.n, &r, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	hp_error_clear(&err);
	/* More than is taken at once, and nothing at all. */
	static const uint8_t big[40000];

	assert_int_equal(send(p.kernel, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(hp_netlink_ask(&p.n, &r, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	hp_error_clear(&err);
	shutdown(p.kernel, SHUT_WR);
	assert_int_equal(hp_netlink_ask(&p.n, &r, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	played_end(&p);
}

static int ask_and_dump(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct ifinfomsg lo = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct hp_netlink_request r;

	(void)data;
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	if (hp_netlink_open(&n, err) < 0)
		return -1;
	hp_netlink_begin(&r, RTM_NEWLINK, 0, &lo, sizeof(lo));
	if (hp_netlink_ask(&n, &r, err) < 0)
		return -1;
	begin_dump(&r);
	return hp_netlink_dump(&n, &r, &dump, err);
}

static void survives_each_failure(void **state)
{
	(void)state;
	torture_all(ask_and_dump, NULL, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(does_what_it_is_asked),
		FDS_TEST(says_why_not),
		FDS_TEST(stays_in_its_namespace),
		FDS_TEST(reads_long_dumps),
		FDS_TEST(begins_anew_when_it_was_disturbed),
		FDS_TEST(passes_over_old_answers),
		FDS_TEST(fails_as_the_answer_says),
		FDS_TEST(survives_each_failure),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
