/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-engine_choice.c - tests of src/cmd/engine_choice.c, with sockets where variables say. */
#include "cmd/engine_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "fds.h"
#include "scratch.h"

static const char *const variables[] = {"DOCKER_HOST",     "CONTAINERD_ADDRESS",
					"CONTAINER_HOST",  "PODMAN_SOCK",
					"XDG_RUNTIME_DIR", "CONTAINER_RUNTIME_ENDPOINT"};

/* Nothing is anywhere: the usual places of this host do not count where a variable says another. */
static void nowhere(void)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(variables); i++)
		setenv(variables[i], "/no/such/place", 1);
}

static void test_places(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *socket = hp_path_join(dir, "podman/podman.sock");
	AUTO_FREE char *parent = hp_path_dir(socket);

	(void)state;
	nowhere();
	assert_null(hp_engine_place("docker"));
	assert_null(hp_engine_place("nobody"));
	assert_int_equal(hp_mkdirs(parent, 0755, &err), 0);
	assert_int_equal(hp_file_write(socket, "", 0, 0600, &err), 0);
	AUTO_FREE char *url = hp_sprintf("unix://%s", socket);
	setenv("DOCKER_HOST", url, 1);
	AUTO_FREE char *docker = hp_engine_place("docker");
	assert_string_equal(docker, url);
	/* What is elsewhere cannot be looked for. */
	setenv("DOCKER_HOST", "tcp://there:2375", 1);
	AUTO_FREE char *far = hp_engine_place("docker");
	assert_string_equal(far, "tcp://there:2375");
	/* The second variable counts when the first is empty. */
	setenv("CONTAINER_HOST", "", 1);
	setenv("PODMAN_SOCK", socket, 1);
	AUTO_FREE char *podman = hp_engine_place("podman");
	assert_string_equal(podman, socket);
}

static void test_choice(void **state)
{
	static const char *const order[] = {"docker", "containerd", "cri", NULL};
	char *place = NULL;

	(void)state;
	nowhere();
	assert_null(hp_engine_choose(order, &place));
	assert_null(place);
	setenv("CONTAINER_RUNTIME_ENDPOINT", "/dev/null", 1);
	assert_string_equal(hp_engine_choose(order, &place), "cri");
	assert_string_equal(place, "/dev/null");
	free(place);
	setenv("CONTAINERD_ADDRESS", "/dev/zero", 1);
	assert_string_equal(hp_engine_choose(order, &place), "containerd");
	assert_string_equal(place, "/dev/zero");
	free(place);
}

static void test_tls(void **state)
{
	AUTO(hp_strv_free) struct hp_strv owned = {0};
	struct hp_client_config config = {.address = "tcp://there:1"};
	struct hp_engine_tls options = {.tlskey = "/my/key"};

	(void)state;
	setenv("DOCKER_CERT_PATH", "/certs", 1);
	hp_engine_use_tls(&options, &config, &owned);
	assert_string_equal(config.address, "tcp://there:1");
	assert_null(config.tls_key);
	options.tls = true;
	hp_engine_use_tls(&options, &config, &owned);
	assert_string_equal(config.address, "https://there:1");
	assert_false(config.tls_verify);
	assert_string_equal(config.tls_ca, "/certs/ca.pem");
	assert_string_equal(config.tls_key, "/my/key");
	/* The variable's address is not spoken to in clear text either. */
	config = (struct hp_client_config){0};
	options.tlsverify = true;
	setenv("DOCKER_HOST", "tcp://far:2", 1);
	hp_engine_use_tls(&options, &config, &owned);
	assert_string_equal(config.address, "https://far:2");
	assert_true(config.tls_verify);
	setenv("DOCKER_HOST", "unix:///d.sock", 1);
	config = (struct hp_client_config){0};
	hp_engine_use_tls(&options, &config, &owned);
	assert_null(config.address);
	unsetenv("DOCKER_CERT_PATH");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_places),
		FDS_TEST(test_choice),
		FDS_TEST(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
