/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_holder.c - tests of src/vm/pool_holder.c, with a program that does what QEMU does. */
#include "vm/pool_holder.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "fake/vm_world.h"
#include "scratch.h"

struct held {
	struct vm_world w;
	struct hp_host host;
	struct hp_pool_request request;
	struct hp_template template;
	int sock;
};

static void held_open(struct held *h, const char *qemu, bool net)
{
	struct hp_error err = HP_ERROR_INIT;

	*h = (struct held){.sock = -1};
	vm_world_open(&h->w, qemu);
	if (net)
		vm_world_template_net(&h->w, h->request.key);
	else
		vm_world_template(&h->w, h->request.key);
	h->request.shape = (struct hp_shape){.memory_bytes = 128u << 20, .cpus = 1, .net = net};
	if (hp_template_load(&h->w.config, h->request.key, &h->template, &err) < 0)
		fail_msg("%s", err.msg);

	const struct hp_holder holder = {&h->w.config, &h->host, &h->request, &h->template};
	if (hp_holder_start(&holder, &h->sock, &err) < 0)
		fail_msg("%s", err.msg);
}

static void held_close(struct held *h)
{
	if (h->sock >= 0)
		close(h->sock);
	hp_template_clear(&h->template);
	vm_world_close(&h->w);
}

static void await_message(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 20000), 1);
}

static void await_end_of(int pid_fd)
{
	await_message(pid_fd);
}

static void makes_one_ready(void **state)
{
	AUTO(hp_warm_clear) struct hp_warm w = HP_WARM_INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct held h;

	(void)state;
	held_open(&h, "fake", true);
	await_message(h.sock);
	if (hp_holder_read(h.sock, &w, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(kill(w.pid, 0), 0);
	for (int i = 0; i < HP_WARM_FDS; i++)
		assert_true(w.fds[i] >= 0);
	/* It is nobody's child here. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);

	/* As long as somebody has the holder's socket, it goes on; then it does not. */
	close(TAKE_FD(h.sock));
	struct pollfd p = {.fd = w.fds[HP_WARM_PID], .events = POLLIN};
	assert_int_equal(poll(&p, 1, 200), 0);
	close(TAKE_FD(w.fds[HP_WARM_HOLD]));
	await_end_of(w.fds[HP_WARM_PID]);
	held_close(&h);
}

static void tells_how_it_ended(void **state)
{
	AUTO(hp_warm_clear) struct hp_warm w = HP_WARM_INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_warm_end end;
	struct held h;

	(void)state;
	held_open(&h, "fake", false);
	await_message(h.sock);
	assert_int_equal(hp_holder_read(h.sock, &w, &err), 0);
	assert_int_equal(w.fds[HP_WARM_TAP], -1);
	assert_int_equal(kill(w.pid, SIGUSR1), 0);
	await_message(h.sock);
	assert_int_equal(recv(h.sock, &end, sizeof(end), 0), sizeof(end));
	assert_int_equal(end.code, CLD_KILLED);
	assert_int_equal(end.status, SIGUSR1);
	assert_int_equal(recv(h.sock, &end, sizeof(end), 0), 0);
	held_close(&h);
}

static void ends_without_a_word_when_it_cannot(void **state)
{
	static const char *const modes[] = {"dies", "picky", "halts"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(modes); i++) {
		struct hp_warm w = HP_WARM_INIT;
		struct hp_error err = HP_ERROR_INIT;
		struct held h;

		held_open(&h, modes[i], false);
		await_message(h.sock);
		assert_int_equal(hp_holder_read(h.sock, &w, &err), -1);
		assert_int_equal(err.code, HP_EUNAVAILABLE);
		held_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_one_ready),
		FDS_TEST(tells_how_it_ended),
		FDS_TEST(ends_without_a_word_when_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
