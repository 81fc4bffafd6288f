/* SPDX-License-Identifier: Apache-2.0 */
/* wire-http1.c - tests of src/wire/http1.c: requests as bytes, answers in any pieces. */
#include "wire/http1.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static void puts_requests(void **state)
{
	const char *const headers[] = {"A: b", NULL};
	const struct hp_http1_request get = {
		.method = "GET", .target = "/a?b=c", .host = "h", .body = HP_HTTP1_NO_BODY};
	const struct hp_http1_request post = {
		.method = "POST", .target = "/", .host = "", .headers = headers, .body = 3};
	const struct hp_http1_request put = {
		.method = "PUT", .target = "/x", .host = "h", .body = HP_HTTP1_CHUNKED};
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&out, 4096);
	assert_int_equal(hp_http1_put(&out, &get, &err), 0);
	assert_int_equal(hp_http1_put(&out, &post, &err), 0);
	assert_int_equal(hp_http1_put(&out, &put, &err), 0);
	assert_int_equal(hp_http1_put_chunk(&out, hp_bytes_str("0123456789abcdefg"), &err), 0);
	assert_int_equal(hp_http1_put_chunk(&out, HP_BYTES(NULL, 0), &err), 0);
	AUTO_FREE char *text = hp_buf_take_str(&out);
	assert_string_equal(text,
			    "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n"
			    "POST / HTTP/1.1\r\nHost: \r\nA: b\r\nContent-Length: 3\r\n\r\n"
			    "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
			    "11\r\n0123456789abcdefg\r\n0\r\n\r\n");
}

static void refuses_to_smuggle(void **state)
{
	const char *const headers[] = {"A: b\r\nEvil: x", NULL};
	const struct hp_http1_request rows[] = {
		{.method = "GET", .target = "/a b", .host = "h"},
		{.method = "GET\n", .target = "/a", .host = "h"},
		{.method = "GET", .target = "/", .host = "h\r\nA: b"},
		{.method = "GET", .target = "/", .host = "h", .headers = headers},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_buf_free) struct hp_buf out;
		struct hp_error err = HP_ERROR_INIT;
		hp_buf_init(&out, 4096);
		assert_int_equal(hp_http1_put(&out, &rows[i], &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
}

static void escapes(void **state)
{
	AUTO_FREE char *odd = hp_http1_escape("a-Z_0.~/?%\xc3\xa4 {\"");
	AUTO_FREE char *none = hp_http1_escape("");

	(void)state;
	assert_string_equal(odd, "a-Z_0.~%2F%3F%25%C3%A4%20%7B%22");
	assert_string_equal(none, "");
}

/* Read an answer of which @step more bytes are there at each try. Returns: its body. Owns: the
 * caller. */
static char *read_in_steps(const char *text, size_t step, struct hp_http1_head *head)
{
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_http1_body body = {0};
	const size_t len = strlen(text);
	size_t at = 0;
	bool begun = false;

	hp_buf_init(&out, 4096);
	for (size_t there = step; at < len; there += step) {
		const struct hp_bytes in =
			HP_BYTES(text + at, (there < len ? there : len) - at);
		struct hp_bytes piece = HP_BYTES(NULL, 0);
		ssize_t used = begun ? hp_http1_body_next(&body, in, &piece, &err)
				     : hp_http1_read_head(in, head, &err);
		if (used < 0)
			fail_msg("step %zu: %s", step, err.msg);
		if (!begun && used) {
			begun = true;
			hp_http1_body_begin(&body, head);
		}
		if (piece.len)
			assert_int_equal(hp_buf_add(&out, piece.data, piece.len, &err), 0);
		at += (size_t)used;
		if (body.ended)
			break;
	}
	assert_true(begun);
	assert_int_equal(at, len);
	return hp_buf_take_str(&out);
}

static void reads_answers_in_any_pieces(void **state)
{
	static const struct {
		const char *text;
		int status;
		enum hp_http1_body_kind kind;
		const char *body;
		bool closes;
	} rows[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", 200,
		 HP_HTTP1_LENGTH, "hello", false},
		{"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, HP_HTTP1_NONE, "", false},
		{"HTTP/1.1 304 Not Modified\r\nX:y \r\n\r\n", 304, HP_HTTP1_NONE, "", false},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX:\ty\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n"
		 "Trailer: z\r\n\r\n",
		 201, HP_HTTP1_CHUNKS, "abc0123456789", false},
		{"HTTP/1.0 200\nX: y\n\nto the end", 200, HP_HTTP1_TO_END, "to the end", true},
		{"HTTP/1.1 101 UPGRADED\r\nX: y\r\nx: z\r\n\r\nraw", 101, HP_HTTP1_UPGRADE,
		 "raw", true},
		{"HTTP/1.1 404 Not Found\r\nConnection: close\r\nX: y\r\n"
		 "Content-Length: 1\r\n\r\n!",
		 404, HP_HTTP1_LENGTH, "!", true},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		for (size_t step = 1; step < 200; step += step < 20 ? 1 : 60) {
			AUTO(hp_http1_head_clear) struct hp_http1_head head = {0};
			AUTO_FREE char *body = read_in_steps(rows[i].text, step, &head);
			assert_int_equal(head.status, rows[i].status);
			assert_int_equal(head.body, rows[i].kind);
			assert_int_equal(head.closes, rows[i].closes);
			assert_string_equal(hp_labels_get(&head.headers, "x"), "y");
			assert_string_equal(body, rows[i].body);
		}
}

static void refuses_what_is_no_answer(void **state)
{
	static const char *const rows[] = {
		"SSH-2.0-OpenSSH",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_http1_head_clear) struct hp_http1_head head = {0};
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_http1_read_head(hp_bytes_str(rows[i]), &head, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

static void heads_have_an_end(void **state)
{
	AUTO_FREE char *text = hp_alloc(HP_HTTP1_HEAD + 100);
	AUTO(hp_http1_head_clear) struct hp_http1_head head = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	memset(text, 'x', HP_HTTP1_HEAD + 99);
	memcpy(text, "HTTP/1.1 200 OK\r\nA: ", 20);
	assert_int_equal(hp_http1_read_head(HP_BYTES(text, 1000), &head, &err), 0);
	assert_int_equal(hp_http1_read_head(hp_bytes_str(text), &head, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	hp_error_clear(&err);
	AUTO(hp_buf_free) struct hp_buf many;
	hp_buf_init(&many, 8192);
	assert_int_equal(hp_buf_printf(&many, &err, "HTTP/1.1 200 OK\r\n"), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(hp_buf_printf(&many, &err, "h%d: v\r\n", i), 0);
	assert_int_equal(hp_http1_read_head(hp_buf_bytes(&many), &head, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

static void refuses_chunks_that_are_none(void **state)
{
	static const char *const rows[] = {"x\r\n", "\r\n", "12345678901234567\r\n",
					   "1\r\nabc\r\n", "3 z\r\nabcd\r\n"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct hp_http1_head head = {.body = HP_HTTP1_CHUNKS};
		struct hp_error err = HP_ERROR_INIT;
		struct hp_http1_body body;
		struct hp_bytes piece;
		size_t at = 0;
		ssize_t used = 1;
		hp_http1_body_begin(&body, &head);
		while (used > 0) {
			used = hp_http1_body_next(&body, hp_bytes_str(rows[i] + at), &piece,
						  &err);
			at += used > 0 ? (size_t)used : 0;
		}
		assert_int_equal(used, -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(puts_requests),
		FDS_TEST(refuses_to_smuggle),
		FDS_TEST(escapes),
		FDS_TEST(reads_answers_in_any_pieces),
		FDS_TEST(refuses_what_is_no_answer),
		FDS_TEST(heads_have_an_end),
		FDS_TEST(refuses_chunks_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
