/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_data.c - tests of src/files/op_data.c. */
#include <linux/falloc.h>

#include "files-world.h"

static void reads_up_to_the_end(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_read_in in = {.size = 100, .offset = 2};
	uint64_t node;

	(void)state;
	world_write(w, "a", "0123456789");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, in), 0);
	assert_int_equal(w->len, 8);
	assert_memory_equal(w->out, "23456789", 8);
	in.offset = 1000;
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, in), 0);
	assert_int_equal(w->len, 0);
	in.offset = UINT64_MAX - 5;
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, in), EINVAL);
	assert_int_equal(ASK_ARGS(w, FUSE_READ, w->root, in), EISDIR);
	assert_int_equal(ASK_ARGS(w, FUSE_READ, FUSE_ROOT_ID, in), EISDIR);
}

static void writes_where_it_is_told(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_write_in in = {.size = 3, .offset = 4};
	uint64_t node;

	(void)state;
	world_write(w, "a", "0123456789");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "XY"), 0);
	assert_int_equal(ANSWER(w, struct fuse_write_out).size, 3);
	in.offset = UINT64_MAX - 5;
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "XY"), EFBIG);
	in = (struct fuse_write_in){.size = 3, .offset = 5, .flags = O_SYNC};
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "zz"), 0);
	assert_int_equal(world_stat(w, "a").st_size, 10);
}

/* Where others append too, the host knows best where the end is. */
static void appends_on_shared_shares(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_write_in in = {.size = 2, .flags = O_APPEND};

	(void)state;
	w->shares[1].shared = true;
	world_open(w);
	world_write(w, "more/log", "0123");
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, world_look(w, w->more, "log"), in, "x"), 0);
	assert_int_equal(world_stat(w, "more/log").st_size, 6);
	/* Pages of a mapping belong where they are. */
	in.write_flags = FUSE_WRITE_CACHE;
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, world_look(w, w->more, "log"), in, "y"), 0);
	assert_int_equal(world_stat(w, "more/log").st_size, 6);
}

/* A file that stays open for writing could not be executed by others. */
static void keeps_nothing_open_for_writing_on_shared_shares(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_write_in in = {.size = 2};
	struct fuse_create_in create = {.flags = O_RDWR | O_CREAT, .mode = 0755};
	uint64_t node;

	(void)state;
	w->shares[1].shared = true;
	world_open(w);
	assert_int_equal(ASK(w, FUSE_CREATE, w->more, create, "a"), 0);
	node = ANSWER(w, struct fuse_entry_out).nodeid;
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "x"), 0);
	assert_int_equal(w->files.cache.n, 0);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, create, "a"), 0);
	assert_int_equal(w->files.cache.n, 1);
}

static void clears_setuid_when_asked(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "a");
	struct fuse_write_in in = {.size = 2};
	uint64_t node;

	(void)state;
	world_write(w, "a", "text");
	node = world_look(w, w->root, "a");
	assert_int_equal(chmod(path, 06755), 0);
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "x"), 0);
	assert_int_equal(world_stat(w, "a").st_mode & 07777, 06755);
	in.write_flags = FUSE_WRITE_KILL_SUIDGID;
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, in, "x"), 0);
	assert_int_equal(world_stat(w, "a").st_mode & 07777, 0755);
}

static void lets_the_guest_open_files_itself(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_open_in in = {0};
	struct fuse_release_in release = {0};

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_OPEN, world_look(w, w->root, "a"), in), ENOSYS);
	assert_int_equal(ASK_ARGS(w, FUSE_RELEASE, w->root, release), 0);
}

/* What is made when it is read is read anew each time. */
static void opens_files_that_are_made_when_read(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	AUTO_CLOSE int proc_fd = open("/proc", O_PATH | O_CLOEXEC);
	struct fuse_open_in in = {.flags = O_RDONLY};
	struct fuse_read_in read = {.size = 4096};
	uint64_t node;

	(void)state;
	close(w->shares[1].fd);
	w->shares[1].fd = fcntl(proc_fd, F_DUPFD_CLOEXEC, 0);
	world_open(w);
	node = world_look(w, w->more, "version");
	assert_int_equal(ANSWER(w, struct fuse_entry_out).attr.size, 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).attr_valid, 0);
	assert_int_equal(ASK_ARGS(w, FUSE_OPEN, node, in), 0);
	assert_true(ANSWER(w, struct fuse_open_out).open_flags & FOPEN_DIRECT_IO);
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, read), 0);
	assert_memory_equal(w->out, "Linux version", 13);
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_OPEN, world_look(w, w->root, "a"), in), 0);
	assert_true(ANSWER(w, struct fuse_open_out).open_flags & FOPEN_KEEP_CACHE);
}

static void syncs_allocates_and_seeks(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_fsync_in sync = {0};
	struct fuse_fallocate_in alloc = {.length = 1 << 20};
	struct fuse_lseek_in seek = {.whence = SEEK_HOLE};
	uint64_t node;

	(void)state;
	world_write(w, "a", "text");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_ARGS(w, FUSE_FSYNC, node, sync), 0);
	sync.fsync_flags = FUSE_FSYNC_FDATASYNC;
	assert_int_equal(ASK_ARGS(w, FUSE_FSYNC, node, sync), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_FALLOCATE, node, alloc), 0);
	assert_int_equal(world_stat(w, "a").st_size, 1 << 20);
	alloc = (struct fuse_fallocate_in){.mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					   .length = 4096};
	assert_int_equal(ASK_ARGS(w, FUSE_FALLOCATE, node, alloc), 0);
	alloc.offset = UINT64_MAX;
	assert_int_equal(ASK_ARGS(w, FUSE_FALLOCATE, node, alloc), EFBIG);
	assert_int_equal(ASK_ARGS(w, FUSE_LSEEK, node, seek), 0);
	seek.whence = SEEK_SET;
	assert_int_equal(ASK_ARGS(w, FUSE_LSEEK, node, seek), EINVAL);
	seek = (struct fuse_lseek_in){.whence = SEEK_DATA, .offset = UINT64_MAX};
	assert_int_equal(ASK_ARGS(w, FUSE_LSEEK, node, seek), EINVAL);
}

static void copies_on_the_host(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_copy_file_range_in in = {.len = 100, .off_in = 1};
	uint64_t from;

	(void)state;
	world_write(w, "a", "0123");
	world_write(w, "b", "");
	from = world_look(w, w->root, "a");
	in.nodeid_out = world_look(w, w->root, "b");
	assert_int_equal(ASK_ARGS(w, FUSE_COPY_FILE_RANGE, from, in), 0);
	assert_int_equal(ANSWER(w, struct fuse_write_out).size, 3);
	world_hold(w, "b", "123");
	in.flags = 1;
	assert_int_equal(ASK_ARGS(w, FUSE_COPY_FILE_RANGE, from, in), EINVAL);
	in = (struct fuse_copy_file_range_in){.len = 1, .nodeid_out = w->root};
	assert_int_equal(ASK_ARGS(w, FUSE_COPY_FILE_RANGE, from, in), EINVAL);
	in.nodeid_out = 999;
	assert_int_equal(ASK_ARGS(w, FUSE_COPY_FILE_RANGE, from, in), ESTALE);
}

/* Fifos and devices are the guest's own matter: the host must not even open them. */
static void opens_no_fifos(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "p");
	struct fuse_read_in read = {.size = 1};
	struct fuse_write_in write = {.size = 2};
	struct fuse_fsync_in sync = {0};
	uint64_t node;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	node = world_look(w, w->root, "p");
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, read), EINVAL);
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, write, "x"), EINVAL);
	assert_int_equal(ASK_ARGS(w, FUSE_FSYNC, node, sync), EINVAL);
}

static void leaves_read_only_shares_alone(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_write_in write = {.size = 2};
	struct fuse_copy_file_range_in copy = {.len = 2};
	struct fuse_fallocate_in alloc = {.length = 10};
	struct fuse_read_in read = {.size = 10};
	uint64_t node;

	(void)state;
	w->shares[1].read_only = true;
	world_open(w);
	world_write(w, "more/a", "text");
	world_write(w, "b", "other");
	node = world_look(w, w->more, "a");
	assert_int_equal(ASK_BYTES(w, FUSE_WRITE, node, write, "x"), EROFS);
	assert_int_equal(ASK_ARGS(w, FUSE_FALLOCATE, node, alloc), EROFS);
	copy.nodeid_out = node;
	assert_int_equal(ASK_ARGS(w, FUSE_COPY_FILE_RANGE, world_look(w, w->root, "b"), copy),
			 EROFS);
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, read), 0);
	assert_int_equal(w->len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_up_to_the_end),
		FDS_TEST(writes_where_it_is_told),
		FDS_TEST(appends_on_shared_shares),
		FDS_TEST(keeps_nothing_open_for_writing_on_shared_shares),
		FDS_TEST(clears_setuid_when_asked),
		FDS_TEST(lets_the_guest_open_files_itself),
		FDS_TEST(opens_files_that_are_made_when_read),
		FDS_TEST(syncs_allocates_and_seeks),
		FDS_TEST(copies_on_the_host),
		FDS_TEST(opens_no_fifos),
		FDS_TEST(leaves_read_only_shares_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
