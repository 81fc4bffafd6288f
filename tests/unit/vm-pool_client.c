/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_client.c - tests of src/vm/pool_client.c: pools that are not there, or not good. */
#include <signal.h>
#include <sys/socket.h>

#include "fake/vm_world.h"
#include "scratch.h"
#include "vm/pool.h"

struct asked {
	bool done;
	bool good;
	struct hp_error why;
};

static void on_answer(void *data, struct hp_pool_answer *answer, const struct hp_error *why)
{
	struct asked *a = data;

	a->done = true;
	a->good = answer != NULL;
	if (why)
		a->why = *why;
}

static struct hp_pool_client *ask(struct vm_world *w, const char *key, struct asked *a)
{
	struct hp_pool_request request = {.shape = {.memory_bytes = 128u << 20, .cpus = 1}};

	*a = (struct asked){0};
	memcpy(request.key, key, HP_VM_KEY);
	return hp_pool_ask(w->loop, &w->config, &request, on_answer, a);
}

/* The process that listens on the pool's socket. */
static pid_t find_pool(const struct vm_world *w)
{
	AUTO_FREE char *address = hp_pool_address(&w->config);
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	if (hp_unix_connect(address, &fd, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	return peer.pid;
}

static void starts_one(void **state)
{
	char key[HP_VM_KEY];
	struct vm_world w;
	struct asked a;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	struct hp_pool_client *p = ask(&w, key, &a);
	assert_true(vm_world_await(&w, &a.done));
	if (!a.good)
		fail_msg("%s", a.why.msg);
	hp_pool_client_free(p);
	const pid_t pid = find_pool(&w);
	assert_int_equal(kill(pid, SIGTERM), 0);
	/* It is nobody's child, so that its socket tells of its end. */
	AUTO_FREE char *address = hp_pool_address(&w.config);
	for (int i = 0; i < 2000 && scratch_has(address); i++)
		usleep(5000);
	assert_false(scratch_has(address));
	for (int i = 0; i < 2000 && kill(pid, 0) == 0; i++)
		usleep(5000);
	vm_world_close(&w);
}

static void reports_nonsense(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int door = -1;
	struct vm_world w;
	struct asked a;

	(void)state;
	vm_world_open(&w, "fake");
	AUTO_FREE char *address = hp_pool_address(&w.config);
	if (hp_mkdirs(w.config.run_dir, 0755, &err) < 0 ||
	    hp_unix_listen(address, 0600, &door, &err) < 0)
		fail_msg("%s", err.msg);
	struct hp_pool_client *p = ask(&w, "0123456789abcdef", &a);
	AUTO_CLOSE int fd = accept(door, NULL, NULL);
	assert_int_equal(write(fd, "{}\n", 3), 3);
	assert_true(vm_world_await(&w, &a.done));
	assert_int_equal(a.why.code, HP_EPROTO);
	hp_pool_client_free(p);
	vm_world_close(&w);
}

/* One that goes away while it is asked is asked again. */
static void comes_again(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int door = -1;
	struct vm_world w;
	struct asked a;

	(void)state;
	vm_world_open(&w, "fake");
	AUTO_FREE char *address = hp_pool_address(&w.config);
	/* So that no other starts. */
	AUTO_FREE char *lock = hp_path_join(w.config.run_dir, "pool.lock");
	if (hp_mkdirs(lock, 0755, &err) < 0 || hp_unix_listen(address, 0600, &door, &err) < 0)
		fail_msg("%s", err.msg);
	struct hp_pool_client *p = ask(&w, "0123456789abcdef", &a);
	close(accept(door, NULL, NULL));
	for (int i = 0; i < 20; i++)
		assert_true(hp_loop_once(w.loop, 10, &err) >= 0);
	AUTO_CLOSE int fd = accept(door, NULL, NULL);
	assert_int_equal(write(fd, "{\"kind\":\"cold\"}\n", 16), 16);
	assert_true(vm_world_await(&w, &a.done));
	assert_true(a.good);
	hp_pool_client_free(p);
	/* Freed while it waits. */
	hp_pool_client_free(ask(&w, "0123456789abcdef", &a));
	hp_pool_client_free(NULL);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(starts_one),
		FDS_TEST(reports_nonsense),
		FDS_TEST(comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
