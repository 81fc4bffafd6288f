/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_mounts.c - tests of src/shim/spec_mounts.c. */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "shim-bundle.h"

/* A configuration with one mount of @source at /x, of @options. */
static char *bind_config(const char *source, const char *options)
{
	return hp_sprintf(CONFIG_BEGIN
			  ",\"mounts\":[{\"type\":\"bind\",\"destination\":\"/x/\","
			  "\"source\":\"%s\",\"options\":[%s]}]}",
			  source, options);
}

static void shares_directories_and_files(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *file = scratch_file(dir, "file", "x");
	AUTO_FREE char *config = hp_sprintf(
		CONFIG_BEGIN
		",\"mounts\":[{\"type\":\"bind\",\"destination\":\"/d\",\"source\":\"%s\","
		"\"options\":[\"rbind\",\"rslave\"]},"
		"{\"type\":\"none\",\"destination\":\"/f\",\"source\":\"%s\","
		"\"options\":[\"bind\",\"ro\",\"nosuid\"]}]}",
		dir, file);
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = spec_of(config);
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = spec_create(spec, (struct hp_shim_streams){0});
	Hp__Guest__Mount **m = request->container->mounts;
	size_t n = 0;
	const struct hp_shim_share *shares = hp_shim_spec_shares(spec, &n);

	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(shares[0].name, "1");
	assert_string_equal(shares[0].source, dir);
	assert_true(shares[0].recursive && !shares[0].read_only);
	assert_string_equal(shares[1].name, "2");
	assert_string_equal(shares[1].source, file);
	assert_true(!shares[1].recursive && shares[1].read_only);
	assert_string_equal(m[0]->type, "bind");
	assert_string_equal(m[0]->source, "1");
	assert_int_equal(m[0]->propagation, MS_SLAVE | MS_REC);
	assert_false(m[0]->file);
	assert_string_equal(m[1]->type, "bind");
	assert_string_equal(m[1]->source, "2");
	assert_int_equal(m[1]->flags, MS_BIND | MS_RDONLY | MS_NOSUID);
	assert_true(m[1]->file);
}

static void gives_devices_of_its_own(void **state)
{
	AUTO_FREE char *config = bind_config("/dev/null", "\"rbind\"");
	AUTO(create_free) Hp__Guest__CreateRequest *request = create_of(config);

	(void)state;
	assert_int_equal(request->container->n_mounts, 0);
	assert_int_equal(request->container->n_devices, 1);
	assert_string_equal(request->container->devices[0]->path, "/x");
	assert_int_equal(request->container->devices[0]->type, S_IFCHR);
	assert_int_equal(request->container->devices[0]->major, 1);
	assert_int_equal(request->container->devices[0]->minor, 3);
}

static void leaves_out_what_is_the_hosts(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *fifo = hp_path_join(dir, "fifo");
	AUTO_FREE char *path = hp_path_join(dir, "socket");
	AUTO_FREE char *first = bind_config(fifo, "\"bind\"");
	AUTO_FREE char *second = bind_config(path, "\"bind\"");
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;
	size_t n = 1;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(hp_unix_listen(path, 0600, &fd, &err), 0);

	AUTO(hp_shim_spec_free) struct hp_shim_spec *a = spec_of(first);
	AUTO(hp_shim_spec_free) struct hp_shim_spec *b = spec_of(second);

	close(fd);
	hp_shim_spec_shares(a, &n);
	assert_int_equal(n, 0);
	assert_true(warned(a, "FIFO"));
	assert_true(warned(b, "socket"));
}

static void takes_the_one_hierarchy(void **state)
{
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = create_of(
		CONFIG_BEGIN
		",\"mounts\":[{\"type\":\"cgroup\",\"destination\":\"/sys/fs/cgroup\","
		"\"source\":\"cgroup\",\"options\":[\"ro\",\"memory\"]}]}");
	const Hp__Guest__Mount *m = request->container->mounts[0];

	(void)state;
	assert_string_equal(m->type, "cgroup2");
	assert_int_equal(m->flags, MS_RDONLY);
	assert_string_equal(m->data, "");
}

static void takes_sources_of_the_bundle(void **state)
{
	AUTO(scratch_free) char *bundle = scratch_new();
	AUTO_FREE char *config = bind_config("files/a", "\"bind\"");
	AUTO_FREE char *path = scratch_file(bundle, "config.json", config);
	AUTO_FREE char *dir = hp_path_join(bundle, "files/a");
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = NULL;
	struct hp_error err = HP_ERROR_INIT;
	size_t n = 0;

	(void)state;
	assert_int_equal(hp_mkdirs(dir, 0700, &err), 0);
	assert_int_equal(hp_shim_spec_read(bundle, &spec, &err), 0);
	assert_string_equal(hp_shim_spec_shares(spec, &n)->source, dir);
}

static void refuses(void **state)
{
	AUTO_FREE char *gone = bind_config("/nonexistent/x", "");
	AUTO_FREE char *nothing = bind_config("", "");
	AUTO_FREE char *mapped = bind_config("/", "\"rbind\",\"idmap\"");

	(void)state;
	spec_refused(gone, HP_ENOTFOUND, "/nonexistent/x");
	spec_refused(nothing, HP_EINVALID, "source");
	spec_refused(mapped, HP_EUNSUPPORTED, "idmap");
	spec_refused(CONFIG_BEGIN ",\"mounts\":[{\"type\":\"tmpfs\",\"destination\":\"x\"}]}",
		     HP_EINVALID, "mounts.destination");
	spec_refused(CONFIG_BEGIN
		     ",\"mounts\":[{\"type\":\"tmpfs\",\"destination\":\"/a/..\"}]}",
		     HP_EINVALID, "root");
	spec_refused(CONFIG_BEGIN ",\"mounts\":[{\"type\":\"tmpfs\"}]}", HP_EINVALID,
		     "destination");
	spec_refused(CONFIG_BEGIN ",\"mounts\":[{\"type\":\"ext4\",\"destination\":\"/x\"}]}",
		     HP_EUNSUPPORTED, "ext4");
	spec_refused(CONFIG_BEGIN ",\"mounts\":{}}", HP_EINVALID, "mounts");
	spec_refused(CONFIG_BEGIN ",\"mounts\":[1]}", HP_EINVALID, "mounts");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(shares_directories_and_files), FDS_TEST(gives_devices_of_its_own),
		FDS_TEST(leaves_out_what_is_the_hosts), FDS_TEST(takes_the_one_hierarchy),
		FDS_TEST(takes_sources_of_the_bundle),  FDS_TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
