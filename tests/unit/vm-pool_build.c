/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_build.c - tests of src/vm/pool_build.c, with shell scripts as the program. */
#include "vm/pool_build.h"

#include "fake/vm_world.h"
#include "scratch.h"

static const struct hp_pool_request request = {
	.key = "0123456789abcdef", .shape = {.memory_bytes = 1024, .cpus = 2, .net = true}};

struct heard {
	bool ended;
	unsigned news;
	bool images_first; /* they were told of before its end */
};

static void on_news(void *data, const struct hp_pool_build *b)
{
	struct heard *h = data;

	h->news++;
	h->ended = hp_pool_build_ended(b) != 0;
	h->images_first |= !h->ended && hp_pool_build_has_images(b);
}

static struct hp_pool_build *start(struct vm_world *w, const char *script, struct heard *h)
{
	const struct hp_pool_build_events events = {.data = h, .on_news = on_news};
	AUTO_FREE char *path = scratch_file(w->dir, "program", script);
	struct hp_pool_build *b = NULL;
	struct hp_error err = HP_ERROR_INIT;

	*h = (struct heard){0};
	assert_int_equal(chmod(path, 0755), 0);
	if (hp_pool_build_start(w->loop, path, &request, &events, &b, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(hp_pool_build_key(b), request.key);
	return b;
}

static void tells_how_far_it_is(void **state)
{
	struct vm_world w;
	struct heard h;

	(void)state;
	vm_world_open(&w, "fake");
	struct hp_pool_build *b = start(
		&w,
		"#!/bin/sh\necho \"$@\" > \"$(dirname \"$0\")/args\"\necho images are ready\n"
		"echo more\nsleep 0.1\n",
		&h);
	assert_true(vm_world_await(&w, &h.ended));
	assert_true(h.images_first);
	assert_int_equal(h.news, 2);
	assert_int_equal(hp_pool_build_why(b)->code, HP_OK);
	hp_pool_build_free(b);

	AUTO_FREE char *path = hp_path_join(w.dir, "args");
	AUTO(hp_buf_free) struct hp_buf args = {0};
	struct hp_error err = HP_ERROR_INIT;
	assert_int_equal(hp_file_read(path, 1000, &args, &err), 0);
	AUTO_FREE char *text = hp_buf_take_str(&args);
	assert_string_equal(text,
			    "vm template build --memory=1024 --cpus=2 --net --disk=none\n");
	vm_world_close(&w);
}

static void expect_failure(const char *script, const char *why)
{
	struct vm_world w;
	struct heard h;

	vm_world_open(&w, "fake");
	struct hp_pool_build *b = start(&w, script, &h);
	assert_true(vm_world_await(&w, &h.ended));
	assert_false(hp_pool_build_has_images(b));
	assert_string_equal(hp_pool_build_why(b)->msg, why);
	hp_pool_build_free(b);
	vm_world_close(&w);
}

static void tells_why_it_failed(void **state)
{
	(void)state;
	expect_failure(
		"#!/bin/sh\necho x\necho harpoon: vm template build: no luck >&2\nexit 1\n",
		"no luck");
	expect_failure("#!/bin/sh\nprintf 'a\\nlast'\nexit 1\n", "last");
	expect_failure("#!/bin/sh\nkill -9 $$\n", "it was killed");
}

static void ends_the_process(void **state)
{
	struct vm_world w;
	struct heard h;

	(void)state;
	vm_world_open(&w, "fake");
	hp_pool_build_free(start(&w, "#!/bin/sh\nexec sleep 1000\n", &h));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	hp_pool_build_free(NULL);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_how_far_it_is),
		FDS_TEST(tells_why_it_failed),
		FDS_TEST(ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
