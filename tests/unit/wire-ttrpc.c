/* SPDX-License-Identifier: Apache-2.0 */
/* wire-ttrpc.c - tests of src/wire/ttrpc.c. */
#include "wire/ttrpc.h"

#include "base/alloc.h"
#include "fds.h"

#define BUF_MAX ((size_t)8 * 1024 * 1024)

static void takes_frames_apart(void **state)
{
	/* Two frames and the beginning of a third. */
	static const uint8_t in[] = {0, 0, 0, 3, 1, 2, 3, 5, 1, 0, 'a', 'b', 'c', /**/
				     0, 0, 0, 0, 0, 0, 0, 7, 3, 5,                /**/
				     0, 0, 0, 1, 0, 0, 0, 9, 2, 0};
	struct hp_ttrpc_frame f;

	(void)state;
	for (size_t len = 0; len < 13; len++)
		assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, len), &f), 0);
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, sizeof(in)), &f), 13);
	assert_int_equal(f.stream, 0x01020305);
	assert_int_equal(f.type, HP_TTRPC_REQUEST);
	assert_int_equal(f.flags, 0);
	assert_int_equal(f.too_large, 0);
	assert_int_equal(f.payload.len, 3);
	assert_ptr_equal(f.payload.data, in + 10);

	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in + 13, sizeof(in) - 13), &f), 10);
	assert_int_equal(f.type, HP_TTRPC_DATA);
	assert_int_equal(f.flags, HP_TTRPC_REMOTE_CLOSED | HP_TTRPC_NO_DATA);
	assert_int_equal(f.payload.len, 0);
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in + 23, sizeof(in) - 23), &f), 0);
}

static void passes_on_types_it_does_not_know(void **state)
{
	static const uint8_t in[] = {0, 0, 0, 1, 0, 0, 0, 2, 99, 0xff, 'x'};
	struct hp_ttrpc_frame f;

	(void)state;
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, sizeof(in)), &f), sizeof(in));
	assert_int_equal(f.type, 99);
	assert_int_equal(f.flags, 0xff);
}

static void tells_what_is_too_large(void **state)
{
	uint8_t in[HP_TTRPC_HEADER] = {0, 0x40, 0, 1, 0, 0, 0, 3, 1, 0};
	struct hp_ttrpc_frame f;

	(void)state;
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, sizeof(in)), &f), HP_TTRPC_HEADER);
	assert_int_equal(f.too_large, HP_TTRPC_PAYLOAD + 1);
	assert_int_equal(f.stream, 3);
	assert_int_equal(f.payload.len, 0);
	in[3] = 0; /* the most that there may be: it is waited for */
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, sizeof(in)), &f), 0);
	memset(in, 0xff, 4);
	assert_int_equal(hp_ttrpc_frame_next(HP_BYTES(in, sizeof(in)), &f), HP_TTRPC_HEADER);
	assert_int_equal(f.too_large, UINT32_MAX);
}

static void puts_frames_together(void **state)
{
	static const uint8_t expected[] = {0, 0, 0, 2, 0x80, 0, 0, 1, 2, 4, 'h', 'i'};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO_FREE uint8_t *large = hp_alloc(HP_TTRPC_PAYLOAD + 1);
	struct hp_ttrpc_frame f = {.stream = 0x80000001,
				   .type = HP_TTRPC_RESPONSE,
				   .flags = HP_TTRPC_NO_DATA,
				   .payload = hp_bytes_str("hi")};

	(void)state;
	hp_buf_init(&out, BUF_MAX);
	assert_int_equal(hp_ttrpc_frame_put(&out, &f, &err), 0);
	assert_int_equal(out.len, sizeof(expected));
	assert_memory_equal(out.data, expected, sizeof(expected));

	f.payload = HP_BYTES(large, HP_TTRPC_PAYLOAD + 1);
	assert_int_equal(hp_ttrpc_frame_put(&out, &f, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	assert_int_equal(out.len, sizeof(expected));
	f.payload.len--;
	assert_int_equal(hp_ttrpc_frame_put(&out, &f, &err), 0);
	assert_int_equal(out.len, sizeof(expected) + HP_TTRPC_HEADER + HP_TTRPC_PAYLOAD);
	assert_int_equal(hp_ttrpc_frame_put(&out, &f, &err), -1); /* full */
	assert_int_equal(err.code, HP_EEXHAUSTED);
}

/* What containerd sends, a field more than we know among it. */
static void reads_requests(void **state)
{
	static const char in[] =
		"\x0a\x03"
		"a.B"
		"\x12\x01"
		"C"
		"\x1a\x02"
		"\0p"
		"\x20\x80\x94\xeb\xdc\x03"
		"\x2a\x04"
		"\x0a\x02x:"
		"\x2a\x23"
		"\x0a\x1a"
		"Containerd-Namespace-TTRPC"
		"\x12\x05"
		"tests"
		"\x32\x01u"                 /* field 6 */
		"\x39zzzzzzzz"              /* field 7, eight bytes */
		"\x3dzzzz"                  /* field 7, four bytes */
		"\xf8\xff\xff\xff\x0f\x01"; /* the highest field there can be */
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;

	(void)state;
	assert_int_equal(hp_ttrpc_request_read(HP_BYTES(in, sizeof(in) - 1), &r, &err), 0);
	assert_string_equal(r.service, "a.B");
	assert_string_equal(r.method, "C");
	assert_int_equal(r.payload.len, 2);
	assert_memory_equal(r.payload.data, "\0p", 2);
	assert_int_equal(r.timeout_ns, 1000000000);
	assert_string_equal(r.ns, "tests");
}

static void reads_the_least(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;
	/* The timeout is -1, which is none. */
	static const char in[] =
		"\x0a\x01s\x12\x01m\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";

	(void)state;
	assert_int_equal(hp_ttrpc_request_read(HP_BYTES(in, sizeof(in) - 1), &r, &err), 0);
	assert_int_equal(r.payload.len, 0);
	assert_int_equal(r.timeout_ns, 0);
	assert_string_equal(r.ns, "");
}

struct bad {
	const char *text;
	size_t len;
};
#define BAD(s)                                                                                 \
	{                                                                                      \
		s, sizeof(s) - 1                                                               \
	}

static void refuses_requests(void **state)
{
	static const struct bad rows[] = {
		BAD(""),
		BAD("\x0a\x01s"),                          /* no method */
		BAD("\x12\x01m"),                          /* no service */
		BAD("\x0a\x01s\x12\x02m"),                 /* cut */
		BAD("\x0a\x01s\x12"),                      /* cut */
		BAD("\x0a\x01s\x12\x01m\x80"),             /* a cut tag */
		BAD("\x0a\x01s\x12\x01m\x02\x01"),         /* field 0 */
		BAD("\x0a\x01s\x12\x01m\x33\x34"),         /* a group */
		BAD("\x0a\x01s\x12\x01m\x36"),             /* type 6 */
		BAD("\x08\x01\x12\x01m"),                  /* a service that is a number */
		BAD("\x0a\x01s\x12\x01m\x22\x01t"),        /* a timeout that is a text */
		BAD("\x0a\x01s\x12\x01m\x18\x01"),         /* a payload that is a number */
		BAD("\x0a\x01s\x12\x01m\x28\x01"),         /* metadata that is a number */
		BAD("\x0a\x01s\x12\x01m\x2a\x02\x0a\x05"), /* metadata that is cut */
		BAD("\x0a\x01s\x12\x01m\x2a\x02\x08\x05"), /* a key that is a number */
		BAD("\x0a\x02s\0\x12\x01m"),               /* a NUL */
		BAD("\x0a\x01s\x12\x01m\x39zzz"),          /* cut in eight bytes */
		BAD("\x0a\x01s\x12\x01m\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		BAD("\x0a\x01s\x12\x01m\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		BAD("\x0a\x01s\x12\x01m\xff\xff\xff\xff\xff\x01\x01"), /* no field so high */
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_ttrpc_request r = {.timeout_ns = 42};

		assert_int_equal(
			hp_ttrpc_request_read(HP_BYTES(rows[i].text, rows[i].len), &r, &err),
			-1);
		assert_int_equal(err.code, HP_EPROTO);
		assert_int_equal(r.timeout_ns, 42);
	}
}

static void refuses_long_names(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;
	AUTO(hp_buf_free) struct hp_buf in;

	(void)state;
	hp_buf_init(&in, 1000);
	assert_int_equal(hp_buf_printf(&in, &err, "\n\177%0127d\022\01m", 7), 0);
	assert_int_equal(hp_ttrpc_request_read(hp_buf_bytes(&in), &r, &err), 0);
	assert_int_equal(strlen(r.service), 127);
	assert_int_equal(hp_buf_printf(&in, &err, "\n\200\01%0128d", 7), 0);
	assert_int_equal(hp_ttrpc_request_read(hp_buf_bytes(&in), &r, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

static void writes_what_it_reads(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_request r = {.service = "a.B",
				     .method = "C",
				     .payload = hp_bytes_str("payload"),
				     .timeout_ns = INT64_MAX,
				     .ns = "default"};
	struct hp_ttrpc_request got;

	(void)state;
	hp_buf_init(&out, 1000);
	assert_int_equal(hp_ttrpc_request_put(&out, &r, &err), 0);
	assert_int_equal(hp_ttrpc_request_read(hp_buf_bytes(&out), &got, &err), 0);
	assert_string_equal(got.service, r.service);
	assert_string_equal(got.method, r.method);
	assert_string_equal(got.ns, r.ns);
	assert_int_equal(got.timeout_ns, r.timeout_ns);
	assert_int_equal(got.payload.len, 7);
	assert_memory_equal(got.payload.data, "payload", 7);

	out.len = 0;
	r = (struct hp_ttrpc_request){.service = "s", .method = "m"};
	assert_int_equal(hp_ttrpc_request_put(&out, &r, &err), 0);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "\x0a\x01s\x12\x01m", 6);
}

static void stops_when_there_is_no_room(void **state)
{
	const struct hp_ttrpc_request r = {.service = "a.B",
					   .method = "C",
					   .payload = hp_bytes_str("payload"),
					   .timeout_ns = 300,
					   .ns = "default"};
	const struct hp_ttrpc_response s = {.code = 5, .message = hp_bytes_str("it is gone")};
	size_t fitted = 0;

	(void)state;
	for (size_t max = 0; max < 100; max++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_buf_free) struct hp_buf out;

		hp_buf_init(&out, max);
		if (hp_ttrpc_request_put(&out, &r, &err) == 0)
			fitted++;
		else
			assert_int_equal(err.code, HP_EEXHAUSTED);
		hp_error_clear(&err);
		out.len = 0;
		if (hp_ttrpc_response_put(&out, &s, &err) == 0)
			fitted++;
		else
			assert_int_equal(err.code, HP_EEXHAUSTED);
	}
	assert_true(fitted > 50 && fitted < 150);
}

static void reads_responses(void **state)
{
	static const char refused[] = "\x0a\x06\x08\x05\x12\x02no\x1a\x01x";
	static const char negative[] =
		"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x02no";
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_response r = {.code = 42};

	(void)state;
	assert_int_equal(hp_ttrpc_response_read(HP_BYTES("", 0), &r, &err), 0);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.payload.len, 0);
	assert_int_equal(hp_ttrpc_response_read(HP_BYTES("\x12\x02pp", 4), &r, &err), 0);
	assert_int_equal(r.payload.len, 2);
	assert_int_equal(
		hp_ttrpc_response_read(HP_BYTES(refused, sizeof(refused) - 1), &r, &err), 0);
	assert_int_equal(r.code, 5);
	assert_int_equal(r.message.len, 2);
	assert_memory_equal(r.message.data, "no", 2);
	assert_int_equal(
		hp_ttrpc_response_read(HP_BYTES(negative, sizeof(negative) - 5), &r, &err), 0);
	assert_int_equal(r.code, -1);
	/* A message of something that went well is none. */
	assert_int_equal(hp_ttrpc_response_read(HP_BYTES("\x0a\x04\x12\x02no", 6), &r, &err),
			 0);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.message.len, 0);
}

static void refuses_responses(void **state)
{
	static const struct bad rows[] = {
		BAD("\x08\x05"),          /* a status that is a number */
		BAD("\x0a\x02\x08"),      /* cut */
		BAD("\x0a\x01\x08"),      /* cut inside */
		BAD("\x0a\x03\x0a\x01z"), /* a code that is a text */
		BAD("\x0a\x02\x10\x01"),  /* a message that is a number */
		BAD("\x10\x01"),          /* a payload that is a number */
		BAD("\x12\x05zz"),        /* cut */
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_ttrpc_response r = {.code = 42};

		assert_int_equal(
			hp_ttrpc_response_read(HP_BYTES(rows[i].text, rows[i].len), &r, &err),
			-1);
		assert_int_equal(err.code, HP_EPROTO);
		assert_int_equal(r.code, 42);
	}
}

static void writes_responses(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_response r = {.code = 5,
				      .message = hp_bytes_str("n\303\251 \377\303"),
				      .payload = hp_bytes_str("left out")};
	struct hp_ttrpc_response got;

	(void)state;
	hp_buf_init(&out, 1000);
	assert_int_equal(hp_ttrpc_response_put(&out, &r, &err), 0);
	assert_int_equal(hp_ttrpc_response_read(hp_buf_bytes(&out), &got, &err), 0);
	assert_int_equal(got.code, 5);
	assert_int_equal(got.payload.len, 0);
	assert_int_equal(got.message.len, 6);
	assert_memory_equal(got.message.data, "n\303\251 ??", 6);

	out.len = 0;
	r = (struct hp_ttrpc_response){.payload = hp_bytes_str("reply")};
	assert_int_equal(hp_ttrpc_response_put(&out, &r, &err), 0);
	assert_int_equal(hp_ttrpc_response_read(hp_buf_bytes(&out), &got, &err), 0);
	assert_int_equal(got.code, 0);
	assert_int_equal(got.payload.len, 5);

	out.len = 0;
	r = (struct hp_ttrpc_response){.code = 0};
	assert_int_equal(hp_ttrpc_response_put(&out, &r, &err), 0);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(takes_frames_apart),      FDS_TEST(passes_on_types_it_does_not_know),
		FDS_TEST(tells_what_is_too_large), FDS_TEST(puts_frames_together),
		FDS_TEST(reads_requests),          FDS_TEST(reads_the_least),
		FDS_TEST(refuses_requests),        FDS_TEST(refuses_long_names),
		FDS_TEST(writes_what_it_reads),    FDS_TEST(stops_when_there_is_no_room),
		FDS_TEST(reads_responses),         FDS_TEST(refuses_responses),
		FDS_TEST(writes_responses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
