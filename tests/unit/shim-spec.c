/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec.c - tests of src/shim/spec.c. */
#include "shim/spec.h"

#include <sys/mount.h>

#include "shim-bundle.h"

/* What "ctr oci spec" of containerd 1.6 prints, with a command. */
static char *ctr_config(void)
{
	const char *corpus = getenv("HP_TEST_CORPUS");
	AUTO_FREE char *path = hp_sprintf("%s/shim_spec/ctr.json", corpus ? corpus : "");
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error err = HP_ERROR_INIT;

	hp_buf_init(&text, 1 << 20);
	if (hp_file_read(path, text.max, &text, &err) < 0)
		fail_msg("%s", err.msg);
	return hp_buf_take_str(&text);
}

static void reads_what_ctr_writes(void **state)
{
	AUTO_FREE char *config = ctr_config();
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = spec_of(config);
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = spec_create(
		spec, (struct hp_shim_streams){.out = true, .err = true, .width = 80});
	const Hp__Guest__Container *c = request->container;
	size_t n = 1;

	(void)state;
	assert_string_equal(c->id, "c1");
	assert_string_equal(c->rootfs, "rootfs");
	assert_int_equal(c->n_mounts, 7);
	assert_string_equal(c->mounts[0]->destination, "/proc");
	assert_string_equal(c->mounts[1]->data, "mode=755,size=65536k");
	assert_int_equal(c->mounts[1]->flags, MS_NOSUID | MS_STRICTATIME);
	assert_true(c->pid_namespace && c->ipc_namespace && c->uts_namespace);
	assert_false(c->cgroup_namespace);
	assert_int_equal(c->n_masked_paths, 10);
	assert_int_equal(c->process->capabilities->bounding, 0xa80425fb);
	assert_int_equal(c->process->rlimits[0]->soft, 1024);
	assert_true(c->process->no_new_privileges);
	assert_true(c->process->stdout && c->process->stderr && !c->process->stdin);
	/* A width alone is no size. */
	assert_int_equal(c->process->width, 0);
	assert_string_equal(hp_shim_spec_netns(spec), "new");
	assert_string_equal(hp_shim_spec_cgroups_path(spec), "/default");
	assert_int_equal(hp_shim_spec_memory(spec), 0);
	assert_int_equal(hp_shim_spec_cpus(spec), 0);
	hp_shim_spec_shares(spec, &n);
	assert_int_equal(n, 0);
	assert_int_equal(hp_shim_spec_warnings(spec)->count, 0);
}

static void names_a_disk_as_the_root(void **state)
{
	AUTO_FREE char *config = ctr_config();
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = spec_of(config);
	const struct hp_shim_streams none = {0};
	const struct hp_shim_block block = {
		.type = (char[]){"ext4"}, .flags = MS_NOATIME, .data = (char[]){"discard"}};
	AUTO(hp_buf_free) struct hp_buf packed;
	AUTO(create_free) Hp__Guest__CreateRequest *request = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&packed, 1 << 20);
	assert_int_equal(hp_shim_spec_create(spec, "c1", &none, &block, &packed, &err), 0);
	request = hp__guest__create_request__unpack(NULL, packed.len, packed.data);
	assert_non_null(request);
	assert_int_equal(request->container->root_block->slot, 0);
	assert_string_equal(request->container->root_block->type, "ext4");
	assert_int_equal(request->container->root_block->flags, MS_NOATIME);
	assert_string_equal(request->container->root_block->data, "discard");
}

static void knows_its_root(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec =
		spec_of("{\"process\":{\"args\":[\"x\"],\"cwd\":\"/\",\"terminal\":true},"
			"\"root\":{\"path\":\"/var/lib/x/\",\"readonly\":true},"
			"\"hostname\":\"web\",\"annotations\":{\"a\":\"b\"}}");
	AUTO(hp_shim_spec_free) struct hp_shim_spec *relative = spec_of(CONFIG_BEGIN "}");
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = spec_create(spec, (struct hp_shim_streams){0});

	(void)state;
	assert_true(request->container->rootfs_readonly);
	assert_string_equal(hp_shim_spec_root(spec), "/var/lib/x");
	assert_true(hp_shim_spec_terminal(spec));
	assert_string_equal(hp_shim_spec_hostname(spec), "web");
	assert_string_equal(hp_shim_spec_annotations(spec)->items[1], "b");
	assert_true(*hp_shim_spec_root(relative) == '/');
	assert_true(hp_str_ends(hp_shim_spec_root(relative), "/rootfs"));
	assert_string_equal(hp_shim_spec_hostname(relative), "");
	/* Without a network namespace of its own it would have the host's. */
	assert_string_equal(hp_shim_spec_netns(relative), "host");
	assert_true(warned(relative, "network"));
}

static void sizes_the_machine(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *limits = spec_of(
		CONFIG_BEGIN ",\"linux\":{\"resources\":{\"memory\":{\"limit\":67108864},"
			     "\"cpu\":{\"quota\":150000,\"period\":100000}}}}");
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *asked =
		spec_of(CONFIG_BEGIN ",\"annotations\":{\"io.harpoon.vm.memory\":\"1g\","
				     "\"io.harpoon.vm.cpus\":\"3\"}}");

	(void)state;
	assert_int_equal(hp_shim_spec_memory(limits), 64 << 20);
	assert_int_equal(hp_shim_spec_cpus(limits), 2);
	assert_int_equal(hp_shim_spec_memory(asked), 1 << 30);
	assert_int_equal(hp_shim_spec_cpus(asked), 3);
	spec_refused(CONFIG_BEGIN ",\"annotations\":{\"io.harpoon.vm.memory\":\"1k\"}}",
		     HP_EINVALID, "io.harpoon.vm.memory");
	spec_refused(CONFIG_BEGIN ",\"annotations\":{\"io.harpoon.vm.cpus\":\"0\"}}",
		     HP_EINVALID, "io.harpoon.vm.cpus");
	spec_refused(CONFIG_BEGIN ",\"annotations\":{\"io.harpoon.vm.cpus\":\"many\"}}",
		     HP_EINVALID, "io.harpoon.vm.cpus");
}

static void refuses_what_is_no_config(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_spec *spec = NULL;

	(void)state;
	spec_refused("{", HP_ECORRUPT, "config.json");
	spec_refused("[]", HP_ECORRUPT, "object");
	spec_refused("{}", HP_EINVALID, "process");
	spec_refused("{\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"}}", HP_EINVALID,
		     "root.path");
	spec_refused(CONFIG_BEGIN ",\"hostname\":1}", HP_EINVALID, "config.json.hostname");
	spec_refused(CONFIG_BEGIN ",\"linux\":[]}", HP_EINVALID, "config.json.linux");
	spec_refused(CONFIG_BEGIN ",\"annotations\":{\"a\":1}}", HP_EINVALID, "annotations");
	assert_int_equal(hp_shim_spec_read("/nonexistent", &spec, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

static void reads_what_is_to_be_undone(void **state)
{
	AUTO(scratch_free) char *bundle = scratch_new();
	AUTO_FREE char *path = scratch_file(
		bundle, "config.json",
		"{\"mounts\":[{\"type\":\"bind\",\"source\":\"/nonexistent\","
		"\"destination\":\"/x\"}],\"annotations\":{\"a\":\"b\"},"
		"\"hooks\":{\"poststop\":[{\"path\":\"/bin/x\"}]},"
		"\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/n\"}]}}");
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = NULL;
	struct hp_error err = HP_ERROR_INIT;
	size_t n = 0;

	(void)state;
	assert_int_equal(hp_shim_spec_read_undo(bundle, &spec, &err), 0);
	assert_string_equal(hp_shim_spec_netns(spec), "/n");
	assert_string_equal(hp_shim_spec_hooks(spec, HP_SHIM_HOOK_POSTSTOP, &n)->path,
			    "/bin/x");
	assert_int_equal(n, 1);
	assert_int_equal(hp_shim_spec_annotations(spec)->count, 2);
}

static void packs_execs(void **state)
{
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = spec_of(CONFIG_BEGIN "}");
	const struct hp_shim_streams streams = {
		.in = true, .out = true, .terminal = true, .width = 100, .height = 40};
	AUTO(hp_buf_free) struct hp_buf packed;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__ExecRequest *request;

	(void)state;
	hp_buf_init(&packed, 1 << 16);
	assert_int_equal(
		hp_shim_spec_exec(spec,
				  hp_bytes_str("{\"args\":[\"sh\"],\"cwd\":\"/tmp\","
					       "\"consoleSize\":{\"width\":1,\"height\":2}}"),
				  7, &streams, &packed, &err),
		0);
	request = hp__guest__exec_request__unpack(NULL, packed.len, packed.data);
	assert_non_null(request);
	assert_int_equal(request->number, 7);
	assert_string_equal(request->process->args[0], "sh");
	assert_true(request->process->terminal && request->process->stdin);
	assert_int_equal(request->process->width, 100);
	assert_int_equal(request->process->height, 40);
	hp__guest__exec_request__free_unpacked(request, NULL);

	assert_int_equal(
		hp_shim_spec_exec(spec, hp_bytes_str("{}"), 7, &streams, &packed, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_shim_spec_exec(spec, hp_bytes_str("x"), 7, &streams, &packed, &err),
			 -1);
	assert_int_equal(err.code, HP_ECORRUPT);
}

static void packs_updates(void **state)
{
	AUTO(hp_buf_free) struct hp_buf packed;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__UpdateRequest *request;

	(void)state;
	hp_buf_init(&packed, 1 << 16);
	assert_int_equal(
		hp_shim_spec_update(hp_bytes_str("{\"pids\":{\"limit\":5}}"), &packed, &err),
		0);
	request = hp__guest__update_request__unpack(NULL, packed.len, packed.data);
	assert_non_null(request);
	assert_int_equal(request->resources->pids_max->value, 5);
	assert_null(request->resources->memory_max);
	hp__guest__update_request__free_unpacked(request, NULL);
	assert_int_equal(hp_shim_spec_update(hp_bytes_str("[]"), &packed, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_what_ctr_writes),
		FDS_TEST(names_a_disk_as_the_root),
		FDS_TEST(knows_its_root),
		FDS_TEST(sizes_the_machine),
		FDS_TEST(refuses_what_is_no_config),
		FDS_TEST(reads_what_is_to_be_undone),
		FDS_TEST(packs_execs),
		FDS_TEST(packs_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
