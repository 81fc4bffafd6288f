/* SPDX-License-Identifier: Apache-2.0 */
/* shim-bootstrap.c - tests of src/shim/bootstrap.c. */
#include "shim/bootstrap.h"

#include <string.h>

#include "fds.h"
#include "shim.pb-c.h"
#include "shim/msg.h"

static char config_path[] = "/etc/other.json";

/* Options as CRI passes them. */
static struct hp_shim_packed pack_options(const char *type, struct hp_shim_packed *options)
{
	Hp__Shim__RuntimeOptions o = HP__SHIM__RUNTIME_OPTIONS__INIT;
	Hp__Any any = HP__ANY__INIT;

	o.config_path = config_path;
	*options = hp_shim_pack(&o.base);
	any.type_url = (char *)(uintptr_t)type;
	any.value.data = (uint8_t *)(uintptr_t)options->bytes.data;
	any.value.len = options->bytes.len;
	return hp_shim_pack(&any.base);
}

static void reads_nothing(void **state)
{
	AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap b = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_bootstrap_read(HP_BYTES(NULL, 0), "web", "ns", &b, &err), 0);
	assert_string_equal(b.ttrpc_address, "");
	assert_string_equal(b.socket_dir, "");
	assert_string_equal(b.config_path, "");
}

static void reads_options(void **state)
{
	static const struct {
		const char *type, *path;
	} rows[] = {
		{"runtimeoptions.v1.Options", config_path},
		{"types.containerd.io/runtimeoptions.v1.Options", config_path},
		{"containerd.runc.v1.Options", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_shim_packed_free) struct hp_shim_packed options = {0};
		AUTO(hp_shim_packed_free)
		struct hp_shim_packed any = pack_options(rows[i].type, &options);
		AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap b = {0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_shim_bootstrap_read(any.bytes, "web", "ns", &b, &err), 0);
		assert_string_equal(b.config_path, rows[i].path);
	}
}

/* BootstrapParams for container "web" of "ns", with options. */
static struct hp_shim_packed pack_params(const char *id)
{
	Hp__Shim__BootstrapParams p = HP__SHIM__BOOTSTRAP_PARAMS__INIT;
	Hp__Shim__RuntimeOptions o = HP__SHIM__RUNTIME_OPTIONS__INIT;
	Hp__Shim__Extension e = HP__SHIM__EXTENSION__INIT;
	Hp__Shim__Extension *list[] = {&e};
	Hp__Any any = HP__ANY__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed options = {0};

	o.config_path = config_path;
	options = hp_shim_pack(&o.base);
	any.type_url = (char *)(uintptr_t) "runtimeoptions.v1.Options";
	any.value.data = (uint8_t *)(uintptr_t)options.bytes.data;
	any.value.len = options.bytes.len;
	e.value = &any;
	p.instance_id = (char *)(uintptr_t)id;
	p.namespace_ = (char *)(uintptr_t) "ns";
	p.log_level = -4;
	p.containerd_ttrpc_address = (char *)(uintptr_t) "/run/c.ttrpc";
	p.socket_dir = (char *)(uintptr_t) "/run/s";
	p.n_extensions = 1;
	p.extensions = list;
	return hp_shim_pack(&p.base);
}

static void reads_params(void **state)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed params = pack_params("web");
	AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap b = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_bootstrap_read(params.bytes, "web", "ns", &b, &err), 0);
	assert_string_equal(b.ttrpc_address, "/run/c.ttrpc");
	assert_string_equal(b.socket_dir, "/run/s");
	assert_string_equal(b.config_path, config_path);
}

static void refuses_what_is_neither(void **state)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed other = pack_params("other");
	struct hp_shim_bootstrap b;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(
		hp_shim_bootstrap_read(hp_bytes_str("\xff\xff"), "web", "ns", &b, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	/* Another container's parameters read as an Any of a type that nobody knows. */
	AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap c = {0};
	assert_int_equal(hp_shim_bootstrap_read(other.bytes, "web", "ns", &c, &err), 0);
	assert_string_equal(c.ttrpc_address, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_nothing),
		FDS_TEST(reads_options),
		FDS_TEST(reads_params),
		FDS_TEST(refuses_what_is_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
