/* SPDX-License-Identifier: Apache-2.0 */
/* image-registry.c - fetches through redirects, refusals, broken connections and lies. */
#include "image-registry.h"

#define BLOB       "/v2/a/b/blobs/x"
#define BODY       "0123456789"
#define BODY_SHA   "sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
#define OTHER_SHA  "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define OPEN(w, a) world_open(w, a, HP_ARRAY_LEN(a))

/* Must end with @code and say @why. */
static void refused(const struct http_answer *answers, size_t count, int64_t size,
		    enum hp_code code, const char *why)
{
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	world_open(&w, answers, count);
	if (world_fetch(&w, size, BODY_SHA, &body, &err) == 0)
		fail_msg("fetched, though it should say: %s", why);
	if (err.code != code || !strstr(err.msg, why))
		fail_msg("%s '%s' is not %s '%s'", hp_code_name(err.code), err.msg,
			 hp_code_name(code), why);
	world_close(&w);
}

static void fetches(void **state)
{
	const struct http_answer answers[] = {
		{.path = BLOB,
		 .status = "200 OK",
		 .body = BODY,
		 .headers =
			 "Content-Type: text/x; charset=y\r\nDocker-Content-Digest: " BODY_SHA
			 "\r\n"},
	};
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	OPEN(&w, answers);
	assert_int_equal(world_fetch(&w, 10, BODY_SHA, &body, &err), 0);
	assert_int_equal(body.len, 10);
	struct hp_fetch head = {.what = "manifest",
				.path = "blobs/x",
				.accept = "a/b",
				.size = -1,
				.head = true};
	assert_int_equal(hp_registry_fetch(w.registry, &head, &err), 0);
	assert_string_equal(head.type, "text/x");
	assert_string_equal(head.said, BODY_SHA);
	assert_int_equal(head.length, 10);
	assert_int_equal(http_peer_saw(&w.peer, "Accept: a/b\r\n"), 1);
	struct hp_fetch *none = NULL;
	assert_int_equal(hp_registry_next(w.registry, &none, &err), 0);
	world_close(&w);
}

static void goes_on_where_it_broke(void **state)
{
	const struct http_answer ranges[] = {
		{.path = BLOB, .times = 1, .status = "200 OK", .body = BODY, .cut = 4},
		{.path = BLOB,
		 .times = 1,
		 .status = "200 OK",
		 .body = BODY,
		 .cut = 3,
		 .ranges = true},
		{.path = BLOB, .status = "200 OK", .body = BODY, .ranges = true},
	};
	const struct http_answer no_ranges[] = {
		{.path = BLOB, .times = 2, .status = "200 OK", .body = BODY, .cut = 4},
		{.path = BLOB, .status = "200 OK", .body = BODY},
	};
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body, again;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	OPEN(&w, ranges);
	if (world_fetch(&w, 10, BODY_SHA, &body, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(body.len, 10);
	assert_memory_equal(body.data, BODY, 10);
	assert_int_equal(http_peer_saw(&w.peer, "Range: bytes=4-\r\n"), 1);
	assert_int_equal(http_peer_saw(&w.peer, "Range: bytes=7-\r\n"), 1);
	world_close(&w);
	OPEN(&w, no_ranges);
	if (world_fetch(&w, 10, BODY_SHA, &again, &err) < 0)
		fail_msg("%s", err.msg);
	assert_memory_equal(again.data, BODY, 10);
	world_close(&w);
}

static void waits_when_it_is_told(void **state)
{
	const struct http_answer answers[] = {
		{.path = BLOB,
		 .times = 1,
		 .status = "429 Too Many Requests",
		 .headers = "Retry-After: 0\r\n"},
		{.path = BLOB, .times = 1, .status = "503 Service Unavailable"},
		{.path = BLOB, .status = "200 OK", .body = BODY},
	};
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	OPEN(&w, answers);
	assert_int_equal(world_fetch(&w, 10, BODY_SHA, &body, &err), 0);
	assert_int_equal(http_peer_saw(&w.peer, "GET "), 3);
	world_close(&w);
}

static void lies_are_found(void **state)
{
	const struct http_answer wrong[] = {
		{.path = BLOB, .status = "200 OK", .body = "9876543210"}};
	const struct http_answer longer[] = {
		{.path = BLOB, .status = "200 OK", .body = "0123456789X"}};
	const struct http_answer endless[] = {
		{.path = BLOB, .status = "200 OK", .body = BODY, .endless = true}};
	const struct http_answer elsewhere[] = {
		{.path = BLOB, .times = 1, .status = "200 OK", .body = BODY, .cut = 4},
		{.path = BLOB,
		 .status = "206 Partial Content",
		 .headers = "Content-Range: bytes 5-9/10\r\n",
		 .body = "56789"}};

	(void)state;
	refused(wrong, 1, 10, HP_ECORRUPT, "its digest is");
	refused(wrong, 1, -1, HP_ECORRUPT, "its digest is");
	refused(longer, 1, 10, HP_ECORRUPT, "longer than the 10 bytes");
	refused(endless, 1, 10, HP_ECORRUPT, "longer than the 10 bytes");
	refused(endless, 1, -1, HP_ECORRUPT, "longer than the 1000 bytes");
	refused(elsewhere, 2, 10, HP_EPROTO, "at another place");
}

static void refusals_are_told(void **state)
{
	const struct http_answer gone[] = {
		{.path = BLOB,
		 .status = "404 Not Found",
		 .body = "{\"errors\":[{\"code\":\"X\",\"message\":\"blob \\u001b unknown\"}]}"}};
	const struct http_answer denied[] = {{.path = BLOB, .status = "403 Forbidden"}};
	const struct http_answer odd[] = {{.path = BLOB, .status = "418 Teapot"}};
	const struct http_answer circle[] = {
		{.path = BLOB, .status = "302 Found", .headers = "Location: /x\r\n"},
		{.path = "/x", .status = "301 Moved", .headers = "Location: " BLOB "\r\n"}};
	const struct http_answer nowhere[] = {{.path = BLOB, .status = "302 Found"}};
	const struct http_answer file[] = {{.path = BLOB,
					    .status = "302 Found",
					    .headers = "Location: file:///etc/passwd\r\n"}};

	(void)state;
	refused(gone, 1, 10, HP_ENOTFOUND, "blob ? unknown");
	refused(denied, 1, 10, HP_EDENIED, "answers 403");
	refused(odd, 1, 10, HP_EPROTO, "answers 418");
	refused(circle, 2, 10, HP_EPROTO, "over 10 redirects");
	refused(nowhere, 1, 10, HP_EPROTO, "a redirect to nowhere");
	refused(file, 1, 10, HP_EINVALID, "layer 'x'");
}

/* It tries again for some seconds before it gives up. */
static void gives_up_in_the_end(void **state)
{
	const struct http_answer broken[] = {
		{.path = BLOB, .status = "500 Internal Server Error"}};

	(void)state;
	refused(broken, 1, 10, HP_EUNAVAILABLE, "tried 5 times: the registry answers 500");
}

static void strangers_learn_nothing(void **state)
{
	struct http_peer stranger;
	const struct http_answer theirs[] = {
		{.path = "/blob", .status = "200 OK", .body = BODY}};
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	http_peer_start(&stranger, theirs, 1);
	AUTO_FREE char *to = hp_sprintf("Location: %s/blob\r\n", stranger.url);
	const struct http_answer ours[] = {
		{.path = BLOB,
		 .wants = "Authorization: Basic dTpw\r\n",
		 .status = "307 Temporary Redirect",
		 .headers = to},
		{.path = BLOB,
		 .status = "401 Unauthorized",
		 .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n"},
	};
	OPEN(&w, ours);
	world_login(&w);
	if (world_fetch(&w, 10, BODY_SHA, &body, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(http_peer_saw(&w.peer, "Authorization:"), 1);
	assert_int_equal(http_peer_saw(&stranger, "GET /blob"), 1);
	assert_int_equal(http_peer_saw(&stranger, "Authorization:"), 0);
	world_close(&w);
	http_peer_stop(&stranger);
}

static int always(void *arg)
{
	(void)arg;
	return 1;
}

static void stops_when_asked(void **state)
{
	const struct http_answer answers[] = {{.path = BLOB, .status = "200 OK", .body = BODY}};
	struct registry_world w;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	OPEN(&w, answers);
	w.config.stop = always;
	assert_int_equal(world_fetch(&w, 10, OTHER_SHA, &body, &err), -1);
	assert_int_equal(err.code, HP_ECANCELED);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(fetches),
		FDS_TEST(goes_on_where_it_broke),
		FDS_TEST(waits_when_it_is_told),
		FDS_TEST(lies_are_found),
		FDS_TEST(refusals_are_told),
		FDS_TEST(gives_up_in_the_end),
		FDS_TEST(strangers_learn_nothing),
		FDS_TEST(stops_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
