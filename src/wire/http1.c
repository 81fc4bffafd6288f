/* SPDX-License-Identifier: Apache-2.0 */
/* http1.c - requests and answers of HTTP/1.1, as bytes. */
#include "wire/http1.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"

/* The longest line that frames a chunk, extensions and trailers included; ours. */
#define FRAME_LINE 4096u

/* Where in a chunk's frame a body is. */
enum { STEP_SIZE, STEP_DATA, STEP_DATA_END, STEP_TRAILER };

/* May @text be a part of a head? Lines are ended by control characters only. */
static bool is_plain(const char *text, bool blanks)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || (*c == ' ' && !blanks))
			return false;
	return true;
}

int hp_http1_put(struct hp_buf *out, const struct hp_http1_request *r, struct hp_error *err)
{
	if (!is_plain(r->method, false) || !is_plain(r->target, false) ||
	    !is_plain(r->host, false))
		return hp_fail(err, HP_EINVALID, "a request with a blank in its first line");
	if (hp_buf_printf(out, err, "%s %s HTTP/1.1\r\nHost: %s\r\n", r->method, r->target,
			  r->host) < 0)
		return -1;
	for (size_t i = 0; r->headers && r->headers[i]; i++) {
		if (!is_plain(r->headers[i], true))
			return hp_fail(err, HP_EINVALID,
				       "a header with a control character in it");
		if (hp_buf_printf(out, err, "%s\r\n", r->headers[i]) < 0)
			return -1;
	}
	if (r->body == HP_HTTP1_CHUNKED)
		return hp_buf_printf(out, err, "Transfer-Encoding: chunked\r\n\r\n");
	if (r->body >= 0)
		return hp_buf_printf(out, err, "Content-Length: %lld\r\n\r\n",
				     (long long)r->body);
	return hp_buf_printf(out, err, "\r\n");
}

int hp_http1_put_chunk(struct hp_buf *out, struct hp_bytes data, struct hp_error *err)
{
	if (hp_buf_printf(out, err, "%zx\r\n", data.len) < 0 ||
	    (data.len && hp_buf_add(out, data.data, data.len, err) < 0))
		return -1;
	return hp_buf_add(out, "\r\n", 2, err);
}

char *hp_http1_escape(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = hp_alloc_array(strlen(text) + 1, 3);
	char *to = escaped;

	for (const char *c = text; *c; c++) {
		const unsigned char byte = (unsigned char)*c;
		if (byte < 0x80 && (isalnum(byte) || strchr("-._~", byte))) {
			*to++ = *c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	return escaped;
}

void hp_http1_head_clear(struct hp_http1_head *h)
{
	hp_labels_clear(&h->headers);
	*h = (struct hp_http1_head){0};
}

/* The length of the line at the front of @in without its end, which is *ret_used - length bytes.
 * Returns: -1 when it has not come whole. */
static ssize_t line_at(struct hp_bytes in, size_t *ret_used)
{
	const uint8_t *end = in.len ? memchr(in.data, '\n', in.len) : NULL;

	if (!end)
		return -1;
	size_t len = (size_t)(end - in.data);
	*ret_used = len + 1;
	return (ssize_t)(len && in.data[len - 1] == '\r' ? len - 1 : len);
}

/* From: RFC 9112 section 4, "HTTP/1.1 200 OK". */
static int read_status(struct hp_bytes line, int *ret_status, bool *ret_closes,
		       struct hp_error *err)
{
	const char *text = (const char *)line.data;

	if (line.len < 12 || memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ' ||
	    !isdigit((unsigned char)text[9]) || !isdigit((unsigned char)text[10]) ||
	    !isdigit((unsigned char)text[11]) || (line.len > 12 && text[12] != ' '))
		return hp_fail(err, HP_EPROTO, "the answer is no HTTP/1");
	*ret_status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
	*ret_closes = text[7] == '0';
	return 0;
}

static int read_header(struct hp_bytes line, struct hp_http1_head *head, struct hp_error *err)
{
	const uint8_t *colon = memchr(line.data, ':', line.len);

	if (!colon || colon == line.data || memchr(line.data, 0, line.len))
		return hp_fail(err, HP_EPROTO, "a header of the answer is none");
	if (head->headers.count >= HP_HTTP1_HEADERS)
		return hp_fail(err, HP_EPROTO, "the answer has over %u headers",
			       HP_HTTP1_HEADERS);
	const size_t name_len = (size_t)(colon - line.data);
	AUTO_FREE char *name = hp_strndup((const char *)line.data, name_len);
	AUTO_FREE char *value = hp_strndup((const char *)colon + 1, line.len - name_len - 1);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	size_t end = strlen(value);
	while (end && (value[end - 1] == ' ' || value[end - 1] == '\t'))
		value[--end] = '\0';
	/* Of two alike the first holds. */
	if (!hp_labels_get(&head->headers, name))
		hp_labels_add(&head->headers, name, value + strspn(value, " \t"));
	return 0;
}

/* Take one head, whichever status it has. Returns: as hp_http1_read_head(). */
static ssize_t read_one(struct hp_bytes in, struct hp_http1_head *head, struct hp_error *err)
{
	size_t at = 0;

	for (bool first = true;; first = false) {
		size_t used = 0;
		const struct hp_bytes rest = HP_BYTES(in.data + at, in.len - at);
		const ssize_t len = line_at(rest, &used);
		if (len < 0 || at + used > HP_HTTP1_HEAD)
			break;
		const struct hp_bytes line = HP_BYTES(rest.data, (size_t)len);
		at += used;
		if (first ? read_status(line, &head->status, &head->closes, err) < 0
			  : len && read_header(line, head, err) < 0)
			return -1;
		if (!first && !len)
			return (ssize_t)at;
	}
	if (in.len > HP_HTTP1_HEAD)
		return hp_fail(err, HP_EPROTO, "the head of the answer is over %u bytes long",
			       HP_HTTP1_HEAD);
	/* What listens may speak anything: no reason to wait for the rest of it. */
	if (in.len >= 5 && memcmp(in.data, "HTTP/", 5) != 0)
		return hp_fail(err, HP_EPROTO, "the answer is no HTTP/1");
	return 0;
}

/* From: RFC 9112 section 6.3. */
static int choose_body(struct hp_http1_head *h, struct hp_error *err)
{
	const char *coding = hp_labels_get(&h->headers, "transfer-encoding");
	const char *length = hp_labels_get(&h->headers, "content-length");
	const char *connection = hp_labels_get(&h->headers, "connection");
	struct hp_error why = HP_ERROR_INIT;

	if (connection && strcasecmp(connection, "close") == 0)
		h->closes = true;
	if (h->status == 101) {
		h->body = HP_HTTP1_UPGRADE;
	} else if (h->status == 204 || h->status == 304) {
		h->body = HP_HTTP1_NONE;
	} else if (coding) {
		if (strcasecmp(coding, "chunked") != 0)
			return hp_fail(err, HP_EPROTO, "the answer is coded as '%.40s'",
				       coding);
		h->body = HP_HTTP1_CHUNKS;
	} else if (length) {
		if (hp_str_u64(length, &h->length, &why) < 0)
			return hp_fail(err, HP_EPROTO, "the answer is '%.40s' bytes long",
				       length);
		h->body = h->length ? HP_HTTP1_LENGTH : HP_HTTP1_NONE;
	} else {
		h->body = HP_HTTP1_TO_END;
	}
	h->closes = h->closes || h->body == HP_HTTP1_TO_END || h->body == HP_HTTP1_UPGRADE;
	return 0;
}

ssize_t hp_http1_read_head(struct hp_bytes in, struct hp_http1_head *ret, struct hp_error *err)
{
	AUTO(hp_http1_head_clear) struct hp_http1_head head = {0};
	size_t at = 0;

	for (;;) {
		hp_http1_head_clear(&head);
		const ssize_t used = read_one(HP_BYTES(in.data + at, in.len - at), &head, err);
		if (used <= 0)
			return used;
		at += (size_t)used;
		if (head.status >= 200 || head.status == 101)
			break;
		if (at > HP_HTTP1_HEAD)
			return hp_fail(err, HP_EPROTO, "the answer never begins");
	}
	if (choose_body(&head, err) < 0)
		return -1;
	*ret = head;
	head = (struct hp_http1_head){0};
	return (ssize_t)at;
}

void hp_http1_body_begin(struct hp_http1_body *b, const struct hp_http1_head *head)
{
	*b = (struct hp_http1_body){
		.kind = head->body,
		.left = head->length,
		.step = STEP_SIZE,
		.ended = head->body == HP_HTTP1_NONE,
	};
}

/* Hand over what there is of b->left bytes. */
static ssize_t take_data(struct hp_http1_body *b, struct hp_bytes in,
			 struct hp_bytes *ret_piece)
{
	const size_t n = in.len < b->left ? in.len : (size_t)b->left;

	*ret_piece = HP_BYTES(in.data, n);
	b->left -= n;
	return (ssize_t)n;
}

static int read_size(struct hp_bytes line, uint64_t *ret_size, struct hp_error *err)
{
	uint64_t size = 0;
	size_t i = 0;

	for (; i < line.len && hp_str_hex_digit((char)line.data[i]) >= 0; i++) {
		if (i >= 15)
			return hp_fail(err, HP_EPROTO, "a chunk of the answer is too long");
		size = size << 4 | (uint64_t)hp_str_hex_digit((char)line.data[i]);
	}
	if (!i || (i < line.len && line.data[i] != ';' && line.data[i] != ' '))
		return hp_fail(err, HP_EPROTO, "a chunk of the answer has no size");
	*ret_size = size;
	return 0;
}

/* A line of a chunk's frame. From: RFC 9112 section 7.1. */
static ssize_t take_frame(struct hp_http1_body *b, struct hp_bytes in, struct hp_error *err)
{
	size_t used = 0;
	const ssize_t len = line_at(in, &used);

	if (len < 0 && in.len <= FRAME_LINE)
		return 0;
	if (len < 0 || used > FRAME_LINE)
		return hp_fail(err, HP_EPROTO, "a chunk of the answer has an endless head");
	if (b->step == STEP_SIZE) {
		if (read_size(HP_BYTES(in.data, (size_t)len), &b->left, err) < 0)
			return -1;
		b->step = b->left ? STEP_DATA : STEP_TRAILER;
	} else if (b->step == STEP_DATA_END) {
		if (len)
			return hp_fail(err, HP_EPROTO, "a chunk of the answer is too long");
		b->step = STEP_SIZE;
	} else {
		b->ended = !len;
	}
	return (ssize_t)used;
}

ssize_t hp_http1_body_next(struct hp_http1_body *b, struct hp_bytes in,
			   struct hp_bytes *ret_piece, struct hp_error *err)
{
	ssize_t used;

	*ret_piece = HP_BYTES(in.data, 0);
	if (b->ended || !in.len)
		return 0;
	if (b->kind == HP_HTTP1_LENGTH) {
		used = take_data(b, in, ret_piece);
		b->ended = b->left == 0;
		return used;
	}
	if (b->kind != HP_HTTP1_CHUNKS) {
		*ret_piece = in;
		return (ssize_t)in.len;
	}
	if (b->step != STEP_DATA)
		return take_frame(b, in, err);
	used = take_data(b, in, ret_piece);
	if (!b->left)
		b->step = STEP_DATA_END;
	return used;
}
