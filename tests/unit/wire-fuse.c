/* SPDX-License-Identifier: Apache-2.0 */
/* wire-fuse.c - tests of src/wire/fuse.c. */
#include "wire/fuse.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

/* A request in the making. */
struct message {
	uint8_t bytes[8192];
	size_t len;
};

static void add(struct message *m, const void *data, size_t len)
{
	assert_true(m->len + len <= sizeof(m->bytes));
	if (len > 0)
		memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static struct message begin(uint32_t opcode)
{
	struct message m = {0};
	struct fuse_in_header head = {
		.opcode = opcode, .unique = 77, .nodeid = 5, .uid = 1000, .gid = 1001};

	add(&m, &head, sizeof(head));
	return m;
}

/* Decode a copy of exactly its size, so that a sanitizer sees a read past the end. */
static int decode(struct message *m, struct hp_fuse_request *ret, uint8_t **ret_copy)
{
	uint32_t len = (uint32_t)m->len;

	memcpy(m->bytes, &len, sizeof(len));
	*ret_copy = hp_memdup(m->bytes, m->len);
	return hp_fuse_request_read(HP_BYTES(*ret_copy, m->len), ret);
}

static int decode_only(struct message *m)
{
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	return decode(m, &r, &copy);
}

static void finds_where_a_message_ends(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	uint32_t lens[] = {sizeof(struct fuse_in_header), HP_FUSE_MESSAGE_MAX};
	uint32_t bad[] = {0, sizeof(struct fuse_in_header) - 1, HP_FUSE_MESSAGE_MAX + 1,
			  UINT32_MAX};
	size_t len = 0;

	(void)state;
	assert_int_equal(hp_fuse_message_len(HP_BYTES(lens, 3), &len, &err), 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(lens); i++) {
		assert_int_equal(hp_fuse_message_len(HP_BYTES(&lens[i], 4), &len, &err), 1);
		assert_int_equal(len, lens[i]);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		hp_error_clear(&err);
		assert_int_equal(hp_fuse_message_len(HP_BYTES(&bad[i], 4), &len, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

static void reads_a_name(void **state)
{
	struct message m = begin(FUSE_LOOKUP);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, "passwd", 7);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_string_equal(r.name, "passwd");
	assert_int_equal(r.opcode, FUSE_LOOKUP);
	assert_int_equal(r.unique, 77);
	assert_int_equal(r.node, 5);
	assert_int_equal(r.uid, 1000);
	assert_int_equal(r.gid, 1001);
}

static void refuses_names_that_lead_elsewhere(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {{"", 0},     {"", 1},     {".", 2},     {"..", 3},   {"/", 2},
		    {"a/b", 4},  {"../x", 5}, {"a/", 3},    {"/etc", 5}, {"abc", 3},
		    {"a\0b", 4}, {"a\0", 3},  {"..\0x", 5}, {"./a", 4},  {"a\0\0", 4}};
	static const uint32_t opcodes[] = {FUSE_LOOKUP, FUSE_UNLINK, FUSE_RMDIR};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < HP_ARRAY_LEN(opcodes); j++) {
			struct message m = begin(opcodes[j]);

			add(&m, rows[i].bytes, rows[i].len);
			assert_int_equal(decode_only(&m), EINVAL);
		}
	}
}

static void takes_odd_names_that_are_only_names(void **state)
{
	static const char *const names[] = {"...", "..a", ".a", " ", "\n", "\\", "-", "\xff"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		struct message m = begin(FUSE_LOOKUP);

		add(&m, names[i], strlen(names[i]) + 1);
		assert_int_equal(decode_only(&m), 0);
	}
}

static void holds_names_to_their_length(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (size_t len = 254; len <= 257; len++) {
		struct message m = begin(FUSE_LOOKUP);
		struct message x = begin(FUSE_REMOVEXATTR);

		add(&m, name, len);
		add(&m, "", 1);
		assert_int_equal(decode_only(&m), len <= HP_FUSE_NAME_MAX ? 0 : ENAMETOOLONG);
		add(&x, name, len);
		add(&x, "", 1);
		assert_int_equal(decode_only(&x), len <= HP_FUSE_NAME_MAX ? 0 : ERANGE);
	}
}

static void reads_two_names(void **state)
{
	struct fuse_rename2_in in = {.newdir = 9, .flags = 1};
	struct message m = begin(FUSE_RENAME2);
	struct message bad = begin(FUSE_RENAME2);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	add(&m, "old\0new", 8);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_string_equal(r.name, "old");
	assert_string_equal(r.name2, "new");
	assert_int_equal(r.in.rename.newdir, 9);
	assert_int_equal(r.in.rename.flags, 1);

	add(&bad, &in, sizeof(in));
	add(&bad, "old\0..", 7);
	assert_int_equal(decode_only(&bad), EINVAL);
}

/* The older RENAME has no flags, and what lies behind it must not be taken for some. */
static void reads_a_rename_without_flags(void **state)
{
	struct fuse_rename_in in = {.newdir = 9};
	struct message m = begin(FUSE_RENAME);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	add(&m, "old\0new", 8);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_int_equal(r.in.rename.newdir, 9);
	assert_int_equal(r.in.rename.flags, 0);
}

static void reads_the_text_of_a_link(void **state)
{
	struct message m = begin(FUSE_SYMLINK);
	struct message empty = begin(FUSE_SYMLINK);
	struct message longer = begin(FUSE_SYMLINK);
	AUTO_FREE uint8_t *copy = NULL;
	char target[5000];
	struct hp_fuse_request r;

	(void)state;
	add(&m, "link\0../../etc/passwd", 22);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_string_equal(r.name, "link");
	assert_string_equal(r.name2, "../../etc/passwd");

	add(&empty, "link\0", 6);
	assert_int_equal(decode_only(&empty), EINVAL);

	memset(target, 't', sizeof(target));
	add(&longer, "link", 5);
	add(&longer, target, 4096);
	add(&longer, "", 1);
	assert_int_equal(decode_only(&longer), ENAMETOOLONG);
}

static void reads_data(void **state)
{
	struct fuse_write_in in = {.fh = 3, .offset = 4096, .size = 5};
	struct message m = begin(FUSE_WRITE);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	add(&m, "hello", 5);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_int_equal(r.data.len, 5);
	assert_memory_equal(r.data.data, "hello", 5);
	assert_int_equal(r.in.write.offset, 4096);
}

static void refuses_data_of_another_size_than_announced(void **state)
{
	static const uint32_t sizes[] = {0, 4, 6, HP_FUSE_DATA_MAX + 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(sizes); i++) {
		struct fuse_write_in in = {.size = sizes[i]};
		struct fuse_setxattr_in set = {.size = sizes[i]};
		struct fuse_batch_forget_in forgets = {.count = sizes[i]};
		struct message m = begin(FUSE_WRITE);
		struct message x = begin(FUSE_SETXATTR);
		struct message f = begin(FUSE_BATCH_FORGET);

		add(&m, &in, sizeof(in));
		add(&m, "hello", 5);
		assert_int_equal(decode_only(&m), EINVAL);
		add(&x, &set, sizeof(set));
		add(&x, "user.a\0hello", 12);
		assert_int_equal(decode_only(&x), EINVAL);
		add(&f, &forgets, sizeof(forgets));
		add(&f, "0123456789abcde", 15);
		assert_int_equal(decode_only(&f), EINVAL);
	}
}

static void reads_an_attribute(void **state)
{
	struct fuse_setxattr_in in = {.size = 3, .flags = 1};
	struct message m = begin(FUSE_SETXATTR);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	add(&m, "user.a/b\0v\0w", 12);
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_string_equal(r.name, "user.a/b");
	assert_int_equal(r.data.len, 3);
	assert_memory_equal(r.data.data, "v\0w", 3);
}

static void reads_many_forgets(void **state)
{
	struct fuse_batch_forget_in in = {.count = 2};
	struct fuse_forget_one ones[2] = {{.nodeid = 7, .nlookup = 1},
					  {.nodeid = 8, .nlookup = 2}};
	struct message m = begin(FUSE_BATCH_FORGET);
	AUTO_FREE uint8_t *copy = NULL;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	add(&m, ones, sizeof(ones));
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_int_equal(r.in.forgets.count, 2);
	assert_int_equal(hp_fuse_forget_at(r.data, 1).nodeid, 8);
	assert_int_equal(hp_fuse_forget_at(r.data, 1).nlookup, 2);
	assert_true(hp_fuse_is_silent(FUSE_BATCH_FORGET));
	assert_true(hp_fuse_is_silent(FUSE_FORGET));
	assert_false(hp_fuse_is_silent(FUSE_GETATTR));
}

/* Whatever the opcode: one byte less or more than it has is refused, or it is not served. */
static void refuses_arguments_cut_short_or_too_long(void **state)
{
	static const struct {
		uint32_t opcode;
		size_t size;
	} rows[] = {
		{FUSE_FORGET, 8},
		{FUSE_GETATTR, 16},
		{FUSE_SETATTR, 88},
		{FUSE_READLINK, 0},
		{FUSE_OPEN, 8},
		{FUSE_READ, 40},
		{FUSE_STATFS, 0},
		{FUSE_RELEASE, 24},
		{FUSE_FSYNC, 16},
		{FUSE_LISTXATTR, 8},
		{FUSE_OPENDIR, 8},
		{FUSE_READDIR, 40},
		{FUSE_FALLOCATE, 32},
		{FUSE_LSEEK, 24},
		{FUSE_SYNCFS, 8},
		{FUSE_DESTROY, 0},
		{FUSE_COPY_FILE_RANGE, 56},
	};
	static const uint8_t zeros[128];

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct message exact = begin(rows[i].opcode);
		struct message longer = begin(rows[i].opcode);
		struct message shorter = begin(rows[i].opcode);

		add(&exact, zeros, rows[i].size);
		assert_int_equal(decode_only(&exact), 0);
		add(&longer, zeros, rows[i].size + 1);
		assert_int_equal(decode_only(&longer), EINVAL);
		if (rows[i].size == 0)
			continue;
		add(&shorter, zeros, rows[i].size - 1);
		assert_int_equal(decode_only(&shorter), EINVAL);
	}
}

static void refuses_to_read_more_than_there_is_room_for(void **state)
{
	struct fuse_read_in in = {.size = HP_FUSE_DATA_MAX + 1};
	struct fuse_getxattr_in get = {.size = HP_FUSE_XATTR_MAX + 1};
	struct message m = begin(FUSE_READ);
	struct message d = begin(FUSE_READDIRPLUS);
	struct message x = begin(FUSE_GETXATTR);

	(void)state;
	add(&m, &in, sizeof(in));
	assert_int_equal(decode_only(&m), EINVAL);
	add(&d, &in, sizeof(in));
	assert_int_equal(decode_only(&d), EINVAL);
	add(&x, &get, sizeof(get));
	add(&x, "user.a", 7);
	assert_int_equal(decode_only(&x), EINVAL);
}

static void does_not_serve_the_rest(void **state)
{
	static const uint32_t opcodes[] = {
		0,         7,          FUSE_ACCESS, FUSE_FLUSH, FUSE_IOCTL, FUSE_INTERRUPT,
		FUSE_POLL, FUSE_GETLK, 52,          CUSE_INIT,  UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(opcodes); i++) {
		struct message m = begin(opcodes[i]);
		AUTO_FREE uint8_t *copy = NULL;
		struct hp_fuse_request r;

		add(&m, "whatever", 8);
		assert_int_equal(decode(&m, &r, &copy), ENOSYS);
		assert_int_equal(r.opcode, opcodes[i]);
		assert_int_equal(r.unique, 77);
	}
}

static void refuses_extensions_and_other_lengths(void **state)
{
	struct message m = begin(FUSE_LOOKUP);
	struct fuse_in_header head;
	struct hp_fuse_request r;

	(void)state;
	add(&m, "a", 2);
	memcpy(&head, m.bytes, sizeof(head));
	head.len = (uint32_t)m.len;
	head.total_extlen = 1;
	memcpy(m.bytes, &head, sizeof(head));
	assert_int_equal(hp_fuse_request_read(HP_BYTES(m.bytes, m.len), &r), EINVAL);
	head.total_extlen = 0;
	head.len++;
	memcpy(m.bytes, &head, sizeof(head));
	assert_int_equal(hp_fuse_request_read(HP_BYTES(m.bytes, m.len), &r), EINVAL);
}

static void answers_init(void **state)
{
	struct fuse_init_in in = {.major = 7, .minor = 37, .flags = 0x7fffffff};
	struct message m = begin(FUSE_INIT);
	struct message old = begin(FUSE_INIT);
	struct message cut = begin(FUSE_INIT);
	AUTO_FREE uint8_t *copy = NULL;
	struct fuse_init_out out;
	struct hp_fuse_request r;

	(void)state;
	add(&m, &in, sizeof(in));
	assert_int_equal(decode(&m, &r, &copy), 0);
	assert_int_equal(hp_fuse_init_answer(&r.in.init, &out), 0);
	assert_int_equal(out.major, 7);
	assert_int_equal(out.max_write, HP_FUSE_DATA_MAX);
	assert_int_equal(out.max_pages, 256);
	/* What must never be agreed on: see the function. */
	assert_false(out.flags & (FUSE_ATOMIC_O_TRUNC | FUSE_WRITEBACK_CACHE |
				  FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS | FUSE_EXPORT_SUPPORT));
	/* Before 7.36 it is four numbers. */
	add(&old, &in, 16);
	assert_int_equal(decode_only(&old), 0);
	add(&cut, &in, 15);
	assert_int_equal(decode_only(&cut), EINVAL);
}

static void does_not_talk_to_kernels_that_lack_what_it_needs(void **state)
{
	static const uint32_t needed[] = {FUSE_DONT_MASK, FUSE_POSIX_ACL, FUSE_SETXATTR_EXT,
					  FUSE_HANDLE_KILLPRIV_V2};
	struct fuse_init_in in = {.major = 6, .flags = 0x7fffffff};
	struct fuse_init_out out;

	(void)state;
	assert_int_equal(hp_fuse_init_answer(&in, &out), EPROTO);
	for (size_t i = 0; i < HP_ARRAY_LEN(needed); i++) {
		in = (struct fuse_init_in){.major = 7, .flags = 0x7fffffff & ~needed[i]};
		assert_int_equal(hp_fuse_init_answer(&in, &out), EPROTO);
	}
	/* What is only liked is used when it is there. */
	in.flags = 0x7fffffff & ~(uint32_t)FUSE_DO_READDIRPLUS;
	assert_int_equal(hp_fuse_init_answer(&in, &out), 0);
	assert_false(out.flags & FUSE_DO_READDIRPLUS);
}

static void writes_answers(void **state)
{
	struct fuse_out_header ok = hp_fuse_answer(5, 0, 100);
	struct fuse_out_header bad = hp_fuse_answer(6, ENOENT, 0);

	(void)state;
	assert_int_equal(ok.len, 116);
	assert_int_equal(ok.unique, 5);
	assert_int_equal(ok.error, 0);
	assert_int_equal(bad.len, 16);
	assert_int_equal(bad.error, -ENOENT);
}

static void writes_entries_that_fit(void **state)
{
	struct fuse_dirent head = {.ino = 4, .off = 9, .namelen = 3, .type = 8};
	struct fuse_entry_out entry = {.nodeid = 12};
	struct fuse_dirent seen;
	uint8_t room[256];

	(void)state;
	memset(room, 0xee, sizeof(room));
	/* 24 bytes of head and 3 of name, in steps of 8. */
	assert_int_equal(hp_fuse_dirent_put(room, 31, &head, "abc", NULL), 0);
	assert_int_equal(room[0], 0xee);
	assert_int_equal(hp_fuse_dirent_put(room, 32, &head, "abc", NULL), 32);
	memcpy(&seen, room, sizeof(seen));
	assert_int_equal(seen.ino, 4);
	assert_memory_equal(room + 24, "abc\0\0\0\0\0", 8);
	assert_int_equal(room[32], 0xee);

	assert_int_equal(hp_fuse_dirent_put(room, 159, &head, "abc", &entry), 0);
	assert_int_equal(hp_fuse_dirent_put(room, 160, &head, "abc", &entry), 160);
	assert_memory_equal(room, &entry, sizeof(entry));
	assert_memory_equal(room + 128 + 24, "abc\0\0\0\0\0", 8);
}

static void codes_device_numbers(void **state)
{
	static const unsigned rows[][2] = {
		{0, 0}, {1, 3}, {8, 255}, {259, 256}, {4095, 1048575}};

	(void)state;
	assert_int_equal(hp_fuse_dev_encode(1, 3), 0x103);
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		unsigned major;
		unsigned minor;

		hp_fuse_dev_decode(hp_fuse_dev_encode(rows[i][0], rows[i][1]), &major, &minor);
		assert_int_equal(major, rows[i][0]);
		assert_int_equal(minor, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_where_a_message_ends),
		FDS_TEST(reads_a_name),
		FDS_TEST(refuses_names_that_lead_elsewhere),
		FDS_TEST(takes_odd_names_that_are_only_names),
		FDS_TEST(holds_names_to_their_length),
		FDS_TEST(reads_two_names),
		FDS_TEST(reads_a_rename_without_flags),
		FDS_TEST(reads_the_text_of_a_link),
		FDS_TEST(reads_data),
		FDS_TEST(refuses_data_of_another_size_than_announced),
		FDS_TEST(reads_an_attribute),
		FDS_TEST(reads_many_forgets),
		FDS_TEST(refuses_arguments_cut_short_or_too_long),
		FDS_TEST(refuses_to_read_more_than_there_is_room_for),
		FDS_TEST(does_not_serve_the_rest),
		FDS_TEST(refuses_extensions_and_other_lengths),
		FDS_TEST(answers_init),
		FDS_TEST(does_not_talk_to_kernels_that_lack_what_it_needs),
		FDS_TEST(writes_answers),
		FDS_TEST(writes_entries_that_fit),
		FDS_TEST(codes_device_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
