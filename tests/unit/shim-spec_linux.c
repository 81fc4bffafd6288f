/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_linux.c - tests of src/shim/spec_linux.c. */
#include <sys/mount.h>
#include <sys/stat.h>

#include "shim-bundle.h"

#define LINUX(text) CONFIG_BEGIN ",\"linux\":{" text "}}"

static void reads_all(void **state)
{
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = create_of(
		LINUX("\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
		      "\"minor\":229,\"fileMode\":438,\"uid\":1,\"gid\":2},"
		      "{\"path\":\"/dev/p\",\"type\":\"p\"},"
		      "{\"path\":\"/dev/b\",\"type\":\"b\",\"major\":8,\"minor\":1}],"
		      "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},"
		      "\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],"
		      "\"rootfsPropagation\":\"rslave\","
		      "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"cgroup\"}]"));
	const Hp__Guest__Container *c = request->container;

	(void)state;
	assert_int_equal(c->n_devices, 3);
	assert_int_equal(c->devices[0]->type, S_IFCHR);
	assert_int_equal(c->devices[0]->major, 10);
	assert_int_equal(c->devices[0]->mode, 0666);
	assert_int_equal(c->devices[0]->gid, 2);
	assert_int_equal(c->devices[1]->type, S_IFIFO);
	assert_int_equal(c->devices[2]->type, S_IFBLK);
	assert_string_equal(c->sysctls[0]->key, "net.ipv4.ip_forward");
	assert_string_equal(c->masked_paths[0], "/proc/kcore");
	assert_string_equal(c->readonly_paths[0], "/proc/sys");
	assert_int_equal(c->rootfs_propagation, MS_SLAVE | MS_REC);
	assert_true(c->pid_namespace && c->cgroup_namespace);
	assert_false(c->ipc_namespace || c->uts_namespace);
}

static void knows_the_network(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *path = spec_of(
		LINUX("\"namespaces\":[{\"type\":\"network\",\"path\":\"/run/netns/a\"}]"));
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *empty =
		spec_of(LINUX("\"namespaces\":[{\"type\":\"network\",\"path\":\"\"}]"));

	(void)state;
	assert_string_equal(hp_shim_spec_netns(path), "/run/netns/a");
	assert_string_equal(hp_shim_spec_netns(empty), "new");
	assert_int_equal(hp_shim_spec_warnings(path)->count, 0);
}

static void warns(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec =
		spec_of(LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"},"
			      "{\"type\":\"time\"}],\"personality\":{\"domain\":\"LINUX32\"},"
			      "\"intelRdt\":{}"));

	(void)state;
	assert_true(warned(spec, "/proc/1/ns/pid"));
	assert_true(warned(spec, "time"));
	assert_true(warned(spec, "personality"));
	assert_true(warned(spec, "intelRdt"));
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		enum hp_code code;
		const char *words;
	} wrong[] = {
		{"\"namespaces\":[{\"type\":\"warp\"}]", HP_EINVALID, "warp"},
		{"\"namespaces\":[{\"type\":\"network\",\"path\":\"a\"}]", HP_EINVALID, "'a'"},
		{"\"namespaces\":{}", HP_EINVALID, "namespaces"},
		{"\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}]",
		 HP_EUNSUPPORTED, "user namespaces"},
		{"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]",
		 HP_EUNSUPPORTED, "user namespaces"},
		{"\"devices\":[{\"path\":\"/a\",\"type\":\"x\"}]", HP_EINVALID, "devices"},
		{"\"devices\":[{\"type\":\"c\"}]", HP_EINVALID, "path"},
		{"\"devices\":[{\"path\":\"a\",\"type\":\"c\"}]", HP_EINVALID, "devices.path"},
		{"\"sysctl\":{\"../x\":\"1\"}", HP_EINVALID, "sysctl"},
		{"\"sysctl\":{\"\":\"1\"}", HP_EINVALID, "sysctl"},
		{"\"sysctl\":{\"a.b\":1}", HP_EINVALID, "sysctl"},
		{"\"rootfsPropagation\":\"nosuid\"", HP_EINVALID, "rootfsPropagation"},
		{"\"maskedPaths\":[\"proc\"]", HP_EINVALID, "maskedPaths"},
		{"\"cgroupsPath\":1", HP_EINVALID, "cgroupsPath"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		AUTO_FREE char *config =
			hp_sprintf("%s,\"linux\":{%s}}", CONFIG_BEGIN, wrong[i].text);

		spec_refused(config, wrong[i].code, wrong[i].words);
	}
}

static void takes_maps_that_map_nothing(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec = spec_of(
		LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":65536}],"
		      "\"namespaces\":[{\"type\":\"user\"}]"));

	(void)state;
	assert_non_null(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_all), FDS_TEST(knows_the_network),           FDS_TEST(warns),
		FDS_TEST(refuses),   FDS_TEST(takes_maps_that_map_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
