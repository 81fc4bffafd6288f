/* SPDX-License-Identifier: Apache-2.0 */
/* files-cred.c - tests of src/files/cred.c. */
#include "files/cred.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "scratch.h"

/* What a thread found. */
struct found {
	const char *dir;
	struct stat file;
	struct stat masked;
	mode_t kept;    /* after root wrote to a setuid file */
	mode_t cleared; /* after writing to one without CAP_FSETID */
	bool opened;    /* what only root may open, as an ordinary user */
	bool ready;
};

static mode_t write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct stat st = {0};

	if (fd < 0 || fchmod(fd, 04755) < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st) < 0)
		st.st_mode = 0;
	close(fd);
	return st.st_mode & 07777;
}

static void *in_thread(void *arg)
{
	struct found *f = arg;
	AUTO_FREE char *file = hp_path_join(f->dir, "file");
	AUTO_FREE char *masked = hp_path_join(f->dir, "masked");
	AUTO_FREE char *secret = hp_path_join(f->dir, "secret");
	AUTO_CLOSE int proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hp_cred cred;
	int fd;

	f->ready = hp_files__cred_init(&cred, proc_fd) == 0;
	hp_files__cred_become(1000, 1001);
	hp_files__cred_umask(&cred, 0);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	hp_files__cred_umask(&cred, 027);
	close(open(masked, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	fd = open(secret, O_RDONLY | O_CLOEXEC);
	f->opened = fd >= 0;
	close(fd);
	hp_files__cred_back(1000, 1001);
	if (stat(file, &f->file) < 0 || stat(masked, &f->masked) < 0)
		f->ready = false;
	f->kept = write_to(secret);
	hp_files__cred_drop_fsetid(&cred);
	f->cleared = write_to(secret);
	hp_files__cred_take_fsetid(&cred);
	return NULL;
}

static void works_as_others_in_its_own_thread(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *secret = scratch_file(dir, "secret", "x");
	AUTO_FREE char *mine = hp_path_join(dir, "mine");
	struct found f = {.dir = dir};
	mode_t mask = umask(077);
	struct stat st;
	pthread_t thread;

	(void)state;
	assert_int_equal(chmod(secret, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, in_thread, &f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(f.ready);
	assert_int_equal(f.file.st_uid, 1000);
	assert_int_equal(f.file.st_gid, 1001);
	assert_int_equal(f.file.st_mode & 07777, 0666);
	assert_int_equal(f.masked.st_mode & 07777, 0640);
	/* The guest's kernel has judged already: ours only notes the owner. */
	assert_true(f.opened);
	assert_int_equal(f.kept, 04755);
	assert_int_equal(f.cleared, 0755);
	/* This thread is as it was. */
	assert_int_equal(umask(mask), 077);
	umask(mask);
	close(open(mine, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(stat(mine, &st), 0);
	assert_int_equal(st.st_uid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(works_as_others_in_its_own_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
