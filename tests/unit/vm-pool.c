/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool.c - tests of src/vm/pool.c. */
#include "vm/pool.h"

#include <signal.h>

#include "base/clock.h"
#include "fake/vm_world.h"
#include "scratch.h"

struct asked {
	bool done;
	enum hp_pool_kind kind;
	ino_t memory; /* of the template that was given */
	struct hp_error why;
};

static void on_answer(void *data, struct hp_pool_answer *answer, const struct hp_error *why)
{
	struct asked *a = data;
	struct stat st;

	a->done = true;
	if (why) {
		a->why = *why;
		return;
	}
	a->kind = answer->kind;
	if (answer->kind != HP_POOL_CLONE)
		return;
	assert_int_equal(fstat(answer->template.memory_fd, &st), 0);
	a->memory = st.st_ino;
}

static struct asked ask(struct vm_world *w, const char *key)
{
	struct hp_pool_request request = {.shape = {.memory_bytes = 128u << 20, .cpus = 1}};
	struct asked a = {0};

	memcpy(request.key, key, HP_VM_KEY);
	AUTO(hp_pool_client_free)
	struct hp_pool_client *p = hp_pool_ask(w->loop, &w->config, &request, on_answer, &a);
	assert_false(a.done);
	assert_true(vm_world_await(w, &a.done));
	return a;
}

static void hands_out_one_memory(void **state)
{
	char key[HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	vm_world_pool(&w);
	const struct asked first = ask(&w, key);
	const struct asked second = ask(&w, key);
	assert_int_equal(first.kind, HP_POOL_CLONE);
	assert_int_equal(first.memory, second.memory);
	vm_world_close(&w);
}

/* First there is what one boots from, then the template, under the name that it was asked by. */
static void makes_what_is_missing(void **state)
{
	char key[HP_VM_KEY];
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;
	struct asked a;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	assert_int_equal(hp_template_remove(&w.config, key, &err), 0);
	vm_world_pool(&w);
	a = ask(&w, key);
	assert_int_equal(a.kind, HP_POOL_COLD);
	for (int i = 0; i < 400 && a.kind == HP_POOL_COLD; i++) {
		hp_clock_sleep_ms(50);
		a = ask(&w, key);
	}
	if (a.kind != HP_POOL_CLONE)
		fail_msg("%s", a.why.msg);
	vm_world_close(&w);
}

static void tells_why_there_is_none(void **state)
{
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	free(scratch_file(w.dir, "vmlinux-1", "no kernel"));
	vm_world_pool(&w);
	for (int i = 0; i < 2; i++) {
		const struct asked a = ask(&w, "0123456789abcdef");

		assert_int_equal(a.why.code, HP_EFAILED);
		assert_non_null(strstr(a.why.msg, "neither a bzImage"));
	}
	vm_world_close(&w);
}

static void is_the_only_one(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_pool(&w);
	const struct hp_pool_options options = {.config = &w.config, .program = "harpoon"};
	assert_int_equal(hp_pool_serve(&options, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	vm_world_close(&w);
}

static void ends_when_nobody_asks(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	const struct hp_pool_options options = {
		.config = &w.config, .program = "harpoon", .idle_ms = 1};
	AUTO_FREE char *address = hp_pool_address(&w.config);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(hp_pool_serve(&options, &err) < 0);
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(scratch_has(address));
	vm_world_close(&w);
}

/* Whatever it is told, it goes on. */
static void lives_with_bad_clients(void **state)
{
	static const char *const said[] = {"", "hello\n", "{}\n"};
	char key[HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	vm_world_pool(&w);
	AUTO_FREE char *address = hp_pool_address(&w.config);
	for (size_t i = 0; i < HP_ARRAY_LEN(said); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_CLOSE int fd = -1;

		if (hp_unix_connect(address, &fd, &err) < 0 ||
		    hp_fd_write_all(fd, said[i], strlen(said[i]), &err) < 0)
			fail_msg("%s", err.msg);
	}
	assert_int_equal(ask(&w, key).kind, HP_POOL_CLONE);
	vm_world_close(&w);
}

static void change(char **setting, const char *dir, const char *name)
{
	free(*setting);
	*setting = hp_path_join(dir, name);
}

/* Who asks after the settings have changed is served by the new ones. */
static void follows_the_settings(void **state)
{
	char key[HP_VM_KEY];
	int status = -1;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	w.follow = true;
	vm_world_template(&w, key);
	vm_world_pool(&w);
	const struct asked first = ask(&w, key);
	assert_int_equal(first.kind, HP_POOL_CLONE);

	change(&w.config.state_dir, w.dir, "elsewhere");
	vm_world_template(&w, key);
	vm_world_settings(&w);
	const struct asked second = ask(&w, key);
	assert_int_equal(second.kind, HP_POOL_CLONE);
	assert_true(second.memory != first.memory);
	assert_int_equal(ask(&w, key).memory, second.memory);

	/* What cannot be read changes nothing. */
	free(scratch_file(w.dir, "vm.json", "{"));
	assert_int_equal(ask(&w, key).memory, second.memory);

	/* Another pool belongs there, and this one nowhere. */
	change(&w.config.run_dir, w.dir, "run-elsewhere");
	vm_world_settings(&w);
	assert_int_equal(waitpid(w.pool_pid, &status, 0), w.pool_pid);
	assert_int_equal(status, 0);
	w.pool_pid = 0;
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(hands_out_one_memory),    FDS_TEST(makes_what_is_missing),
		FDS_TEST(tells_why_there_is_none), FDS_TEST(is_the_only_one),
		FDS_TEST(ends_when_nobody_asks),   FDS_TEST(lives_with_bad_clients),
		FDS_TEST(follows_the_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
