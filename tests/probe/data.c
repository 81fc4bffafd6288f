/* SPDX-License-Identifier: Apache-2.0 */
/* data.c - checks of the contents of files: reading, writing, mapping, holes, locks, times. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define PAGE 4096

/* From: fcntl(2), lseek(2) and fallocate(2); C libraries differ in what they define. */
#define MODE_KEEP_SIZE  0x01
#define MODE_PUNCH_HOLE 0x02
#define MODE_ZERO_RANGE 0x10
#define WHENCE_DATA     3
#define WHENCE_HOLE     4

static bool all_are(const char *bytes, size_t len, char value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static int unlinked_while_open(void)
{
	struct stat st;
	char seen[8] = "";
	int fd = open("a", O_CREAT | O_RDWR, 0600);
	int second;

	WANT(fd >= 0 && write(fd, "one", 3) == 3);
	second = open("a", O_RDONLY);
	WANT(unlink("a") == 0);
	WANT(fstat(fd, &st) == 0 && st.st_nlink == 0 && st.st_size == 3);
	WANT(pwrite(fd, "two", 3, 3) == 3 && pread(second, seen, sizeof(seen), 0) == 6);
	WANT(memcmp(seen, "onetwo", 6) == 0);
	WANT(ftruncate(fd, 1) == 0 && fchmod(fd, 0644) == 0 && fchown(fd, 1, 1) == 0);
	WANT(fstat(second, &st) == 0 && st.st_size == 1 && st.st_uid == 1);
	WANT(probe_write("a", "new") == 0);
	WANT(pread(second, seen, sizeof(seen), 0) == 1 && probe_holds("a", "new"));
	return 0;
}

static int appending(void)
{
	int a = open("a", O_CREAT | O_WRONLY | O_APPEND, 0600);
	int b = open("a", O_WRONLY | O_APPEND);

	WANT(a >= 0 && b >= 0);
	for (int i = 0; i < 3; i++)
		WANT(write(a, "a", 1) == 1 && write(b, "b", 1) == 1);
	WANT(probe_holds("a", "ababab"));
	WANT(lseek(a, 0, SEEK_SET) == 0 && write(a, "c", 1) == 1);
	return probe_holds("a", "abababc") ? 0 : __LINE__;
}

static int truncating(void)
{
	struct stat st;
	char seen[16];
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0 && write(fd, "0123456789", 10) == 10);
	WANT(ftruncate(fd, 4) == 0 && fstat(fd, &st) == 0 && st.st_size == 4);
	WANT(ftruncate(fd, 12) == 0 && pread(fd, seen, sizeof(seen), 0) == 12);
	WANT(memcmp(seen, "0123\0\0\0\0\0\0\0\0", 12) == 0);
	WANT(truncate("a", 2) == 0 && probe_holds("a", "01"));
	WANT(open("a", O_WRONLY | O_TRUNC) >= 0 && probe_holds("a", ""));
	WANT_ERRNO(truncate("a", -1), EINVAL);
	return 0;
}

static int big_offsets(void)
{
	const off_t far = (off_t)5 << 30;
	struct stat st;
	char seen[4] = "";
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0 && pwrite(fd, "end", 3, far) == 3);
	WANT(fstat(fd, &st) == 0 && st.st_size == far + 3 && st.st_blocks < 1024);
	WANT(pread(fd, seen, 3, far) == 3 && memcmp(seen, "end", 3) == 0);
	WANT(pread(fd, seen, 3, far / 2) == 3 && all_are(seen, 3, 0));
	return 0;
}

static int holes(void)
{
	const off_t size = 1 << 20;
	struct stat st;
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0 && ftruncate(fd, size) == 0 && pwrite(fd, "x", 1, size / 2) == 1);
	WANT(fstat(fd, &st) == 0 && st.st_blocks * 512 < size);
	WANT(lseek(fd, 0, WHENCE_DATA) == size / 2);
	WANT(lseek(fd, size / 2, WHENCE_HOLE) == size / 2 + PAGE);
	WANT_ERRNO(lseek(fd, size / 2 + PAGE, WHENCE_DATA), ENXIO);
	WANT(lseek(fd, 0, WHENCE_HOLE) == 0);
	return 0;
}

static int allocating(void)
{
	struct stat st;
	char seen[PAGE];
	char full[4 * PAGE];
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	memset(full, 'x', sizeof(full));
	WANT(fd >= 0 && fallocate(fd, 0, 0, 8 * PAGE) == 0);
	WANT(fstat(fd, &st) == 0 && st.st_size == 8 * PAGE && st.st_blocks * 512 >= 8 * PAGE);
	WANT(fallocate(fd, MODE_KEEP_SIZE, 0, 16 * PAGE) == 0);
	WANT(fstat(fd, &st) == 0 && st.st_size == 8 * PAGE);
	WANT(pwrite(fd, full, sizeof(full), 0) == sizeof(full));
	WANT(fallocate(fd, MODE_PUNCH_HOLE | MODE_KEEP_SIZE, PAGE, PAGE) == 0);
	WANT(pread(fd, seen, PAGE, PAGE) == PAGE && all_are(seen, PAGE, 0));
	WANT(pread(fd, seen, PAGE, 0) == PAGE && all_are(seen, PAGE, 'x'));
	return 0;
}

static int zeroing(void)
{
	char seen[PAGE];
	char full[4 * PAGE];
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	memset(full, 'x', sizeof(full));
	WANT(fd >= 0 && pwrite(fd, full, sizeof(full), 0) == sizeof(full));
	/* tmpfs cannot do this. */
	if (fallocate(fd, MODE_ZERO_RANGE, PAGE, PAGE) < 0)
		return errno == EOPNOTSUPP ? 0 : __LINE__;
	WANT(pread(fd, seen, PAGE, PAGE) == PAGE && all_are(seen, PAGE, 0));
	return 0;
}

static int mapped_shared(void)
{
	char seen[8] = "";
	char *one;
	char *two;
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0 && ftruncate(fd, 3 * PAGE) == 0);
	one = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	WANT(one != MAP_FAILED && two != MAP_FAILED);
	memcpy(one + PAGE, "mapped", 6);
	WANT(memcmp(two + PAGE, "mapped", 6) == 0);
	WANT(pread(fd, seen, 6, PAGE) == 6 && memcmp(seen, "mapped", 6) == 0);
	WANT(pwrite(fd, "written", 7, 2 * PAGE) == 7 &&
	     memcmp(two + 2 * PAGE, "written", 7) == 0);
	WANT(msync(one, 3 * PAGE, MS_SYNC) == 0 && munmap(one, 3 * PAGE) == 0);
	WANT(close(fd) == 0);
	fd = open("a", O_RDONLY | O_DIRECT);
	fd = fd < 0 ? open("a", O_RDONLY) : fd;
	WANT(fd >= 0 && unlink("a") == 0);
	one = aligned_alloc(PAGE, 3 * PAGE);
	WANT(one && pread(fd, one, 3 * PAGE, 0) == 3 * PAGE);
	WANT(memcmp(one + PAGE, "mapped", 6) == 0);
	return 0;
}

static int mapped_after_unlink(void)
{
	char *map;
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0 && ftruncate(fd, PAGE) == 0);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	WANT(map != MAP_FAILED && close(fd) == 0 && unlink("a") == 0);
	memcpy(map, "still", 5);
	WANT(msync(map, PAGE, MS_SYNC) == 0 && memcmp(map, "still", 5) == 0);
	return 0;
}

static int direct(void)
{
	char *block = aligned_alloc(PAGE, PAGE);
	int fd = open("a", O_CREAT | O_RDWR | O_DIRECT, 0600);

	/* Where a file system has no O_DIRECT, it says so at once. */
	if (fd < 0)
		return errno == EINVAL ? 0 : __LINE__;
	WANT(block);
	memset(block, 'd', PAGE);
	WANT(pwrite(fd, block, PAGE, PAGE) == PAGE);
	memset(block, 0, PAGE);
	WANT(pread(fd, block, PAGE, PAGE) == PAGE && all_are(block, PAGE, 'd'));
	WANT(pread(fd, block, PAGE, 0) == PAGE && all_are(block, PAGE, 0));
	return 0;
}

static int syncing(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY);
	int fd = open("a", O_CREAT | O_RDWR | O_SYNC, 0600);

	WANT(fd >= 0 && dir >= 0 && write(fd, "x", 1) == 1);
	WANT(fsync(fd) == 0 && fdatasync(fd) == 0 && fsync(dir) == 0 && syncfs(dir) == 0);
	WANT(close(fd) == 0);
	fd = open("a", O_RDONLY);
	WANT(fd >= 0 && fsync(fd) == 0);
	return 0;
}

static int copying(void)
{
	off_t from = 1;
	off_t to = 2;
	int a = open("a", O_CREAT | O_RDWR, 0600);
	int b = open("b", O_CREAT | O_RDWR, 0600);

	WANT(a >= 0 && b >= 0 && write(a, "0123456789", 10) == 10 && write(b, "--", 2) == 2);
	WANT(syscall(SYS_copy_file_range, a, &from, b, &to, 5, 0) == 5);
	WANT(from == 6 && to == 7 && probe_holds("b", "--12345"));
	from = 0;
	WANT(lseek(b, 0, SEEK_END) == 7 && sendfile(b, a, &from, 3) == 3);
	WANT(probe_holds("b", "--12345012"));
	return 0;
}

/* In a child: is @fn refused while the parent holds the lock? */
static int refused_in_child(int (*fn)(int fd))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("a", O_RDWR);

		_exit(fd >= 0 && fn(fd) < 0 && (errno == EAGAIN || errno == EACCES) ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int lock_whole(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

static int lock_record(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};

	return fcntl(fd, F_SETLK, &lock);
}

static int lock_open_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = 100, .l_len = 10};

	/* F_OFD_SETLK. From: linux/fcntl.h. */
	return fcntl(fd, 37, &lock);
}

static int locks(void)
{
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(fd >= 0);
	WANT(lock_whole(fd) == 0 && refused_in_child(lock_whole) == 0);
	WANT(lock_record(fd) == 0 && refused_in_child(lock_record) == 0);
	WANT(lock_open_file(fd) == 0 && refused_in_child(lock_open_file) == 0);
	WANT(flock(fd, LOCK_UN) == 0 && refused_in_child(lock_whole) < 0);
	return 0;
}

static int times(void)
{
	struct timespec set[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
	struct timespec omit[2] = {{0, UTIME_OMIT}, {1200000000, 5}};
	struct stat st;

	WANT(probe_write("a", "x") == 0 && symlink("a", "s") == 0);
	WANT(utimensat(AT_FDCWD, "a", set, 0) == 0 && stat("a", &st) == 0);
	WANT(st.st_atim.tv_nsec == 123456789 && st.st_mtim.tv_nsec == 987654321);
	WANT(utimensat(AT_FDCWD, "a", omit, 0) == 0 && stat("a", &st) == 0);
	WANT(st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec == 1200000000);
	WANT(utimensat(AT_FDCWD, "s", set, AT_SYMLINK_NOFOLLOW) == 0 && lstat("s", &st) == 0);
	WANT(st.st_mtim.tv_sec == 1100000000 && stat("a", &st) == 0);
	WANT(st.st_mtim.tv_sec == 1200000000);
	WANT(probe_write("a", "y") == 0 && stat("a", &st) == 0 &&
	     st.st_mtim.tv_sec > 1700000000);
	set[0] = (struct timespec){-5, 0};
	WANT(utimensat(AT_FDCWD, "a", set, 0) == 0 && stat("a", &st) == 0);
	WANT(st.st_atim.tv_sec == -5);
	return 0;
}

static int times_of_directories(void)
{
	struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
	struct stat st;

	WANT(mkdir("d", 0755) == 0 && utimensat(AT_FDCWD, "d", old, 0) == 0);
	WANT(probe_write("d/f", "x") == 0 && stat("d", &st) == 0);
	WANT(st.st_mtim.tv_sec > 1000000000);
	WANT(utimensat(AT_FDCWD, "d", old, 0) == 0 && unlink("d/f") == 0);
	WANT(stat("d", &st) == 0 && st.st_mtim.tv_sec > 1000000000);
	return 0;
}

static int stays_readable(void)
{
	char seen[2];
	int fd;

	WANT(probe_write("a", "x") == 0);
	fd = open("a", O_RDONLY);
	WANT(fd >= 0 && chmod("a", 0) == 0 && read(fd, seen, 2) == 1);
	WANT_ERRNO(write(fd, "y", 1), EBADF);
	return 0;
}

static int many_sizes(void)
{
	enum { SIZE = 3 << 20 };
	char *written = malloc(SIZE);
	char *seen = malloc(SIZE);
	int fd = open("a", O_CREAT | O_RDWR, 0600);

	WANT(written && seen && fd >= 0);
	for (size_t i = 0; i < SIZE; i++)
		written[i] = (char)(i * 7 + (i >> 12));
	for (size_t at = 0, n = 1; at < SIZE; at += n, n = (n * 3 + 1) % 1200007) {
		n = n < SIZE - at ? n : SIZE - at;
		WANT(pwrite(fd, written + at, n, (off_t)at) == (ssize_t)n);
	}
	WANT(close(fd) == 0);
	fd = open("a", O_RDONLY);
	WANT(read(fd, seen, SIZE) == SIZE && memcmp(written, seen, SIZE) == 0);
	WANT(read(fd, seen, 1) == 0);
	return 0;
}

const struct probe probes_data[] = {
	{"unlinked-while-open", unlinked_while_open},
	{"appending", appending},
	{"truncating", truncating},
	{"big-offsets", big_offsets},
	{"holes", holes},
	{"allocating", allocating},
	{"zeroing", zeroing},
	{"mapped-shared", mapped_shared},
	{"mapped-after-unlink", mapped_after_unlink},
	{"direct", direct},
	{"syncing", syncing},
	{"copying", copying},
	{"locks", locks},
	{"times", times},
	{"times-of-directories", times_of_directories},
	{"stays-readable", stays_readable},
	{"many-sizes", many_sizes},
	{0},
};
