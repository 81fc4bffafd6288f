/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-oci_spec.c - any container: flags and numbers first, then texts separated by NULs, that go
 * one each to the fields of a spec and an image. What is built must be JSON that says the same. */
#include "wire/oci_spec.h"

#include "base/alloc.h"
#include "fuzz.h"

#define NUMBERS 24

struct input {
	struct hp_bytes rest;
	struct hp_strv owned; /* the texts that were handed out */
};

static const char *next_text(struct input *in)
{
	const uint8_t *nul = in->rest.len ? memchr(in->rest.data, 0, in->rest.len) : NULL;
	size_t len = nul ? (size_t)(nul - in->rest.data) : in->rest.len;
	char *text = hp_strndup((const char *)in->rest.data, len);

	len += nul ? 1 : 0;
	in->rest = HP_BYTES(in->rest.data + len, in->rest.len - len);
	hp_strv_take(&in->owned, text);
	return text;
}

static const char *next_optional(struct input *in)
{
	const char *text = next_text(in);

	return *text ? text : NULL;
}

static void fill_flags(struct hp_container_spec *spec, const uint8_t *numbers)
{
	spec->tty = numbers[0] & 1;
	spec->privileged = numbers[0] & 2;
	spec->read_only = numbers[0] & 4;
	spec->init = numbers[0] & 8;
	spec->no_new_privs = numbers[0] & 16;
	memcpy(&spec->resources.memory_bytes, numbers + 1, 7);
	memcpy(&spec->resources.cpu_nano, numbers + 8, 8);
	memcpy(&spec->resources.pids_limit, numbers + 16, 3);
	memcpy(&spec->resources.memory_swap_bytes, numbers + 17, 7);
}

/* The document must be what a runtime can read, and joining the container must work too. */
static void check(const struct hp_json *config)
{
	static const char *const args[] = {"sh", NULL};
	const struct hp_exec_spec exec = {.args = args, .tty = true, .cols = 1, .rows = 1};
	AUTO_FREE char *text = hp_json_text(config, false);
	AUTO(hp_json_free) struct hp_json *again = NULL;
	AUTO(hp_json_free) struct hp_json *process = NULL;
	struct hp_error err = HP_ERROR_INIT;

	FUZZ_CHECK(hp_json_parse(hp_bytes_str(text), &again, &err) == 0);
	FUZZ_CHECK(hp_json_count(hp_json_path(again, "process.args")) > 0);
	FUZZ_CHECK(*hp_json_str(hp_json_path(again, "process.cwd")) == '/');
	FUZZ_CHECK(hp_oci_process_build(again, &exec, NULL, NULL, &process, &err) == 0);
}

static void try_build(struct input *in, const uint8_t *numbers)
{
	const char *const args[] = {next_optional(in), next_optional(in), NULL};
	const char *const entrypoint[] = {next_text(in), NULL};
	const char *const env[] = {next_text(in), next_text(in), next_text(in), NULL};
	const char *const cap_add[] = {next_optional(in), next_optional(in), NULL};
	const char *const cap_drop[] = {next_optional(in), NULL};
	const char *const options[] = {next_optional(in), next_optional(in), NULL};
	struct hp_label sysctl = {(char *)(uintptr_t)next_text(in), (char *)(uintptr_t) "1"};
	struct hp_ulimit ulimit = {next_text(in), numbers[20], numbers[21]};
	struct hp_oci_mount mounts[] = {{"bind", "/a", next_text(in), options},
					{"tmpfs", NULL, next_text(in), options}};
	struct hp_image_config image = {.workdir = (char *)(uintptr_t)next_text(in)};
	struct hp_user user = {.uid = numbers[22], .home = (char *)(uintptr_t)next_text(in)};
	struct hp_container_spec spec = {
		.args = args,
		.entrypoint = numbers[0] & 32 ? entrypoint : NULL,
		.env = env,
		.cap_add = cap_add,
		.cap_drop = cap_drop,
		.sysctls = &sysctl,
		.n_sysctls = numbers[0] & 64 ? 1 : 0,
		.ulimits = &ulimit,
		.n_ulimits = numbers[0] & 128 ? 1 : 0,
		.workdir = next_optional(in),
		.network = next_optional(in),
		.pid_mode = next_optional(in),
	};
	struct hp_oci_input oci = {
		.spec = &spec,
		.image = &image,
		.user = &user,
		.id = "id",
		.hostname = next_text(in),
		.mounts = mounts,
		.n_mounts = numbers[23] % 3,
		.init_path = next_text(in),
		.swap_accounting = true,
	};
	AUTO(hp_json_free) struct hp_json *config = NULL;
	struct hp_error err = HP_ERROR_INIT;

	fill_flags(&spec, numbers);
	spec.resources.cpuset_cpus = next_text(in);
	hp_strv_add(&image.cmd, next_text(in));
	if (hp_oci_spec_build(&oci, &config, &err) < 0)
		FUZZ_CHECK(err.code == HP_EINVALID && err.msg[0]);
	else
		check(config);
	hp_strv_free(&image.cmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {0};

	if (size < NUMBERS)
		return 0;
	in.rest = HP_BYTES(data + NUMBERS, size - NUMBERS);
	try_build(&in, data);
	hp_strv_free(&in.owned);
	return 0;
}
