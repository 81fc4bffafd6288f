/* SPDX-License-Identifier: Apache-2.0 */
/* shim-create.c - tests of src/shim/create.c. */
#include <sys/mount.h>

#include "fake/shim_calls.h"

static void creates(void **state)
{
	static const char *const events[] = {"/tasks/create", NULL};
	const Hp__Guest__CreateRequest *asked;
	const Hp__Shim__PidResponse *reply;
	AUTO_FREE char *proc = NULL;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_create(&w, ""), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__pid_response__descriptor);
	assert_true(reply->pid > 1);
	proc = hp_sprintf("/proc/%u/ns/net", reply->pid);
	assert_true(scratch_has(proc));
	asked = (const void *)guest_find(&w.guest, "Create", 0)->request;
	assert_string_equal(asked->container->id, "web");
	assert_string_equal(asked->container->process->args[0], "/bin/true");
	assert_false(asked->container->process->stdout);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__CREATED);
	assert_int_equal(world_state(&w, "")->pid, reply->pid);
	world_expect_events(&w, events);
	/* Once. */
	assert_int_equal(world_create(&w, ""), HP_EEXISTS);
	shim_world_close(&w);
}

static void refuses_what_it_cannot_create(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	r.id = (char *)(uintptr_t) "other";
	assert_int_equal(world_call(&w, "Create", &r.base), HP_EINVALID);
	r.id = (char *)(uintptr_t) "web";
	r.checkpoint = (char *)(uintptr_t) "/c";
	assert_int_equal(world_call(&w, "Create", &r.base), HP_EUNSUPPORTED);
	r.checkpoint = (char *)(uintptr_t) "";
	r.stdout = (char *)(uintptr_t) "gopher://what";
	assert_int_equal(world_call(&w, "Create", &r.base), HP_EINVALID);
	assert_null(w.shim.first);
	shim_world_close(&w);
}

/* A bundle without a spec is told when a task is wanted, and not before. */
static void tells_what_is_wrong_with_the_spec(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open_with(&w, "{]");
	assert_int_equal(world_create(&w, ""), HP_ECORRUPT);
	assert_non_null(strstr(world_last(&w)->why.msg, "config.json"));
	shim_world_close(&w);
}

static bool box_has_ended(void *arg)
{
	const struct shim_world *w = arg;

	return w->shim.box_why.code != HP_OK && hp_shim_box_ended(w->shim.box);
}

static void passes_on_the_guests_refusal(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.guest.refuse = "Create";
	w.guest.refusal = HP_ENOTFOUND;
	w.guest.refuse_words = "mount /x: no such file or directory";
	/* Not as NotFound, which would be of a container. */
	assert_int_equal(world_create(&w, ""), HP_EFAILED);
	assert_non_null(strstr(world_last(&w)->why.msg, "mount /x"));
	assert_null(w.shim.first);
	assert_null(w.shim.rootfs);
	/* As containerd does then. */
	assert_int_equal(world_delete(&w, ""), HP_ENOTFOUND);
	links_until(w.loop, box_has_ended, &w);
	assert_int_equal(world_create(&w, ""), HP_EFAILED);
	world_id_call(&w, "Shutdown");
	shim_world_close(&w);
}

static void creates_on_a_disk(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	Hp__Mount m = HP__MOUNT__INIT;
	Hp__Mount *mounts[] = {&m};
	char *options[] = {(char[]){"loop"}, (char[]){"ro"}};
	const Hp__Guest__CreateRequest *asked;
	struct shim_world w;
	AUTO_FREE char *image = NULL;

	(void)state;
	shim_world_open(&w);
	image = scratch_file(w.bundle, "image", "x");
	m.type = (char[]){"squashfs"};
	m.source = image;
	m.options = options;
	m.n_options = HP_ARRAY_LEN(options);
	r.id = (char[]){"web"};
	r.bundle = w.bundle;
	r.rootfs = mounts;
	r.n_rootfs = 1;
	assert_int_equal(world_call(&w, "Create", &r.base), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Create", 0)->request;
	assert_string_equal(asked->container->root_block->type, "squashfs");
	assert_int_equal(asked->container->root_block->flags, MS_RDONLY);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	shim_world_close(&w);

	/* The guest does not know its name. */
	shim_world_open(&w);
	free(image);
	image = scratch_file(w.bundle, "image", "x");
	m.source = image;
	r.bundle = w.bundle;
	w.guest.refuse = "Create";
	w.guest.refusal = HP_ECORRUPT;
	w.guest.refuse_words = "there is no file system";
	assert_int_equal(world_call(&w, "Create", &r.base), HP_ECORRUPT);
	assert_non_null(strstr(world_last(&w)->why.msg, image));
	assert_non_null(strstr(world_last(&w)->why.msg, "there is no file system"));
	shim_world_close(&w);

	/* Nothing is asked of it when there is no image. */
	shim_world_open(&w);
	m.source = (char[]){"/no/such/image"};
	r.bundle = w.bundle;
	assert_int_equal(world_call(&w, "Create", &r.base), HP_EFAILED);
	assert_non_null(strstr(world_last(&w)->why.msg, "/no/such/image"));
	shim_world_close(&w);
}

static void tells_that_the_machine_died(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	struct reply *create;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.guest.mute = "Create";
	r.id = (char *)(uintptr_t) "web";
	create = world_begin(&w, "Create", &r.base);
	for (int i = 0; i < 1000 && !guest_find(&w.guest, "Create", 0); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_true(hp_loop_once(w.loop, 20, &err) >= 0);
	}
	hp_shim_box_kill(w.shim.box);
	links_until(w.loop, reply_is_done, create);
	assert_int_equal(create->why.code, HP_EUNAVAILABLE);
	assert_non_null(strstr(create->why.msg, "the machine of container 'web'"));
	shim_world_close(&w);
}

static void is_given_up_by_delete(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	struct reply *create;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.guest.mute = "Setup";
	r.id = (char *)(uintptr_t) "web";
	create = world_begin(&w, "Create", &r.base);
	links_settle(w.loop);
	assert_false(create->done);
	assert_int_equal(world_delete(&w, ""), HP_ENOTFOUND);
	assert_true(create->done);
	assert_int_equal(create->why.code, HP_ECANCELED);
	assert_null(w.shim.first);
	shim_world_close(&w);
}

static bool is_given_up(void *arg)
{
	const struct shim_world *w = arg;

	return !w->shim.create;
}

/* Who asks anew would be told of a container that, as it was told, does not exist. */
static void is_given_up_when_its_client_goes(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.guest.mute = "Create";
	r.id = (char *)(uintptr_t) "web";
	world_begin(&w, "Create", &r.base);
	links_settle(w.loop);
	assert_non_null(w.shim.create);
	hp_ttrpc_client_free(TAKE(w.client));
	/* The file server was forked off, and closes our end with what else it has no use for. */
	links_until(w.loop, is_given_up, &w);
	assert_null(w.shim.first);
	assert_null(w.shim.rootfs);
	assert_int_equal(w.finished, 1);
	shim_world_close(&w);
}

#define HOOKED(path)                                                                           \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\","       \
	"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"hooks\":"            \
	"{\"createRuntime\":[{\"path\":\"" path "\"}]},\"linux\":{}}"

static void runs_hooks_first(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open_with(&w, HOOKED("/bin/true"));
	assert_int_equal(world_create(&w, ""), HP_OK);
	shim_world_close(&w);

	shim_world_open_with(&w, HOOKED("/bin/false"));
	assert_int_equal(world_create(&w, ""), HP_EFAILED);
	assert_non_null(strstr(world_last(&w)->why.msg, "hook '/bin/false'"));
	assert_null(guest_find(&w.guest, "Create", 0));
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(creates),
		FDS_TEST(refuses_what_it_cannot_create),
		FDS_TEST(tells_what_is_wrong_with_the_spec),
		FDS_TEST(passes_on_the_guests_refusal),
		FDS_TEST(creates_on_a_disk),
		FDS_TEST(tells_that_the_machine_died),
		FDS_TEST(is_given_up_by_delete),
		FDS_TEST(is_given_up_when_its_client_goes),
		FDS_TEST(runs_hooks_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
