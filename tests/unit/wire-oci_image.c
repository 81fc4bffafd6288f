/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_image.c - manifests, indexes and configs as OCI and docker write them, and as nobody
 * should. */
#include "wire/oci_image.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/alloc.h"

#define D1 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D2 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DESCRIPTOR(media_type, digest, size)                                                   \
	"{\"mediaType\":\"" media_type "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define CONFIG DESCRIPTOR(HP_MT_OCI_CONFIG, D1, "12")

static int parse(const char *text, struct hp_manifest *m, struct hp_error *err)
{
	*err = (struct hp_error)HP_ERROR_INIT;
	return hp_manifest_parse(hp_bytes_str(text), m, err);
}

static void test_manifest(void **state)
{
	struct hp_error err;
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor copy = {0};

	(void)state;
	assert_int_equal(parse("{\"schemaVersion\":2,\"config\":" CONFIG
			       ",\"layers\":[" DESCRIPTOR(HP_MT_OCI_LAYER_GZIP, D2,
							  "9007199254740993") "]}",
			       &m, &err),
			 0);
	assert_false(m.is_index);
	assert_string_equal(m.config.digest, D1);
	assert_string_equal(m.config.os, "");
	assert_int_equal(m.n_children, 1);
	assert_string_equal(m.children[0].media_type, HP_MT_OCI_LAYER_GZIP);
	assert_true(m.children[0].size == 9007199254740993);
	assert_int_equal(hp_manifest_pick(&m), -1);
	hp_descriptor_copy(&copy, &m.children[0]);
	assert_string_equal(copy.digest, D2);
	assert_ptr_not_equal(copy.digest, m.children[0].digest);
}

static void test_docker_manifest(void **state)
{
	struct hp_error err;
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};

	(void)state;
	assert_int_equal(parse("{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_DOCKER_MANIFEST
			       "\",\"config\":" DESCRIPTOR(HP_MT_DOCKER_CONFIG, D1,
							   "1") ",\"layers\":[]}",
			       &m, &err),
			 0);
	assert_int_equal(m.n_children, 0);
	assert_string_equal(m.config.media_type, HP_MT_DOCKER_CONFIG);
}

/* One entry of an index. */
static char *entry(const char *os, const char *arch, const char *variant)
{
	return hp_sprintf("{\"digest\":\"" D1 "\",\"size\":1,\"platform\":{\"os\":\"%s\","
			  "\"architecture\":\"%s\",\"variant\":\"%s\"}}",
			  os, arch, variant);
}

static void test_index_pick(void **state)
{
	AUTO_FREE char *alien = entry("windows", hp_machine_arch(), "");
	AUTO_FREE char *unknown = entry("unknown", "unknown", "");
	AUTO_FREE char *high = entry("linux", hp_machine_arch(), "v9");
	AUTO_FREE char *right = entry("linux", hp_machine_arch(), "");
	AUTO_FREE char *text = hp_sprintf("{\"schemaVersion\":2,\"manifests\":[%s,%s,%s,%s]}",
					  alien, unknown, high, right);
	AUTO_FREE char *none = hp_sprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
					  "\"manifests\":[%s,%s]}",
					  HP_MT_DOCKER_INDEX, alien, unknown);
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	AUTO(hp_manifest_clear) struct hp_manifest without = {0};
	struct hp_error err;

	(void)state;
	assert_int_equal(parse(text, &m, &err), 0);
	assert_true(m.is_index);
	assert_int_equal(hp_manifest_pick(&m), 3);
	m.n_children = 3; /* the baseline is gone: the other variant must do */
	assert_int_equal(hp_manifest_pick(&m), 2);
	m.n_children = 4;
	assert_int_equal(parse(none, &without, &err), 0);
	assert_int_equal(hp_manifest_pick(&without), -1);
}

static void test_index_names(void **state)
{
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	struct hp_error err;

	(void)state;
	assert_int_equal(
		parse("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" D1
		      "\",\"size\":0,\"annotations\":{"
		      "\"org.opencontainers.image.ref.name\":\"latest\","
		      "\"io.containerd.image.name\":\"docker.io/library/a:latest\"}}]}",
		      &m, &err),
		0);
	assert_string_equal(m.children[0].ref_name, "latest");
	assert_string_equal(m.children[0].image_name, "docker.io/library/a:latest");
	/* No platform said: it is taken for ours. */
	assert_int_equal(hp_manifest_pick(&m), 0);
}

static void test_bad_manifests(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} bad[] = {
		{"x", "JSON"},
		{"[]", "not a JSON object"},
		{"{\"schemaVersion\":1}", "schemaVersion"},
		{"{\"schemaVersion\":2}", "config"},
		{"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", "both"},
		{"{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}", "both"},
		{"{\"schemaVersion\":2,\"mediaType\":\"text/plain\"}", "unknown media type"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG "}", "layers"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[1]}", "entry 0"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG
		 ",\"layers\":[{\"digest\":\"sha256:../../x\",\"size\":1}]}",
		 "digest"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"digest\":\"" D1
		 "\",\"size\":-1}]}",
		 "size"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"digest\":\"" D1
		 "\",\"size\":\"7\"}]}",
		 "size"},
		{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"digest\":\"" D1
		 "\",\"size\":18446744073709551615}]}",
		 "size"},
	};
	struct hp_manifest m = {0};
	struct hp_error err;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		assert_int_equal(parse(bad[i].text, &m, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		if (!strstr(err.msg, bad[i].why))
			fail_msg("'%s' does not say '%s'", err.msg, bad[i].why);
		assert_null(m.children);
	}
}

static void test_too_many_children(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_manifest m = {0};
	AUTO(hp_buf_free) struct hp_buf text = {0};

	(void)state;
	hp_buf_init(&text, 1U << 20);
	assert_int_equal(hp_buf_printf(&text, &err, "{\"schemaVersion\":2,\"manifests\":["), 0);
	for (unsigned i = 0; i <= 1024; i++)
		assert_int_equal(hp_buf_printf(&text, &err, "%s{\"digest\":\"%s\",\"size\":1}",
					       i ? "," : "", D1),
				 0);
	assert_int_equal(hp_buf_printf(&text, &err, "]}"), 0);
	assert_int_equal(hp_manifest_parse(hp_buf_bytes(&text), &m, &err), -1);
	assert_non_null(strstr(err.msg, "over the limit of 1024"));
}

static void test_config(void **state)
{
	static const char text[] =
		"{\"created\":\"1970-01-01T00:00:01.5Z\",\"architecture\":\"amd64\","
		"\"os\":\"linux\",\"config\":{\"User\":\"bob\",\"Env\":[\"A=1\",\"B=\"],"
		"\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\",\"d\"],\"Volumes\":{\"/v\":{}},"
		"\"WorkingDir\":\"/w\",\"Labels\":{\"k\":\"v\"},\"StopSignal\":\"SIGINT\"},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D1 "\",\"" D2 "\"]}}";
	AUTO(hp_image_config_clear) struct hp_image_config c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_image_config_parse(hp_bytes_str(text), &c, &err), 0);
	assert_true(c.created_ns == 1500000000);
	assert_string_equal(c.arch, "amd64");
	assert_string_equal(c.os, "linux");
	assert_string_equal(c.variant, "");
	assert_string_equal(c.user, "bob");
	assert_string_equal(c.workdir, "/w");
	assert_string_equal(c.stop_signal, "SIGINT");
	assert_int_equal(c.env.count, 2);
	assert_string_equal(c.env.items[1], "B=");
	assert_int_equal(c.entrypoint.count, 1);
	assert_string_equal(c.cmd.items[1], "d");
	assert_string_equal(c.volumes.items[0], "/v");
	assert_string_equal(hp_labels_get(&c.labels, "k"), "v");
	assert_string_equal(c.diff_ids.items[1], D2);
}

static void test_small_configs(void **state)
{
	static const char *const fine[] = {
		"{}",
		"{\"config\":null,\"rootfs\":null}",
		"{\"config\":{\"Env\":null,\"Labels\":null,\"Volumes\":null,\"Cmd\":null}}",
		"{\"created\":\"0001-01-01T00:00:00Z\"}",
		"{\"created\":\"yesterday\"}",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(fine); i++) {
		AUTO(hp_image_config_clear) struct hp_image_config c = {0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_image_config_parse(hp_bytes_str(fine[i]), &c, &err), 0);
		assert_string_equal(c.user, "");
		assert_string_equal(c.os, "");
		assert_int_equal(c.created_ns, 0);
		assert_int_equal(c.env.count, 0);
	}
}

static void test_bad_configs(void **state)
{
	static const char *const bad[] = {
		"",
		"7",
		"{\"config\":[]}",
		"{\"config\":{\"Env\":\"A=1\"}}",
		"{\"config\":{\"Env\":[1]}}",
		"{\"config\":{\"Cmd\":{\"a\":\"b\"}}}",
		"{\"config\":{\"Entrypoint\":[null]}}",
		"{\"config\":{\"Labels\":[\"a\"]}}",
		"{\"config\":{\"Labels\":{\"a\":1}}}",
		"{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}",
		"{\"rootfs\":{\"diff_ids\":[7]}}",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_image_config c = {0};
		struct hp_error err = HP_ERROR_INIT;

		if (hp_image_config_parse(hp_bytes_str(bad[i]), &c, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err.code, HP_ECORRUPT);
		assert_null(c.env.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest),      cmocka_unit_test(test_docker_manifest),
		cmocka_unit_test(test_index_pick),    cmocka_unit_test(test_index_names),
		cmocka_unit_test(test_bad_manifests), cmocka_unit_test(test_too_many_children),
		cmocka_unit_test(test_config),        cmocka_unit_test(test_small_configs),
		cmocka_unit_test(test_bad_configs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
