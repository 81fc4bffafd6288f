/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs_shares.c - tests of src/shim/rootfs_shares.c. */
#include "shim-served.h"

static void shares_volumes(void **state)
{
	struct served s;
	AUTO_FREE char *marker = NULL;
	AUTO_FREE char *made = NULL;
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *answer = NULL;
	struct hp_shim_share shares[3] = {{.name = "1", .recursive = true},
					  {.name = "2", .read_only = true},
					  {.name = "3"}};

	(void)state;
	served_set_up(&s);
	marker = hp_path_join(s.source, "marker");
	made = hp_path_join(s.bundle, "made");
	shares[0].source = s.bundle;
	shares[1].source = s.source;
	shares[2].source = marker;
	served_start_bound(&s, (struct hp_shim_rootfs_spec){.shares = shares, .n_shares = 3});
	line = served_line(&s);
	assert_string_equal(line, "rootfs marker=1;1 shared marker=0;2 ro shared marker=1;"
				  "3 shared marker=0;/marker=1");
	/* What is done there is done here. */
	assert_int_equal(write(s.port, "w", 1), 1);
	answer = served_line(&s);
	assert_true(*answer != '-');
	assert_true(scratch_has(made));
	served_tear_down(&s);
}

static void refuses_what_is_no_file(void **state)
{
	struct served s;
	AUTO_FREE char *fifo = NULL;
	struct hp_shim_share share = {.name = "1"};

	(void)state;
	served_set_up(&s);
	fifo = hp_path_join(s.dir, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	share.source = fifo;
	served_start(&s, (struct hp_shim_rootfs_spec){
				 .root = s.source, .shares = &share, .n_shares = 1});
	assert_int_equal(s.ready_why.code, HP_EINVALID);
	assert_non_null(strstr(s.ready_why.msg, fifo));
	served_tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(shares_volumes),
		FDS_TEST(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
