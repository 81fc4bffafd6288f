/* SPDX-License-Identifier: Apache-2.0 */
/* qmp.c - put commands for QEMU into lines, and take its messages out of them. */
#include "wire/qmp.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void hp_qmp_message_clear(struct hp_qmp_message *m)
{
	hp_json_free(m->body);
	*m = (struct hp_qmp_message){0};
}

/* Copy, with what would break a line made blank. */
static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
	for (char *p = to; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

static void take_body(struct hp_qmp_message *m, const struct hp_json *v)
{
	m->body = hp_json_is_null(v) ? NULL : hp_json_copy(v);
}

static void read_error(struct hp_qmp_message *m, const struct hp_json *error)
{
	m->kind = HP_QMP_ERROR;
	copy_text(m->name, sizeof(m->name), hp_json_get_str(error, "class"));
	copy_text(m->text, sizeof(m->text), hp_json_get_str(error, "desc"));
}

static int read_message(const struct hp_json *top, struct hp_qmp_message *m,
			struct hp_error *err)
{
	const struct hp_json *greeting = hp_json_get(top, "QMP");
	const struct hp_json *error = hp_json_get(top, "error");
	const char *event = hp_json_get_str(top, "event");
	bool returned = false;

	for (size_t i = 0; hp_json_is_object(top) && i < hp_json_count(top); i++)
		returned |= strcmp(hp_json_key_at(top, i), "return") == 0;
	m->id = hp_json_u64(hp_json_get(top, "id"), 0);
	if (greeting) {
		m->kind = HP_QMP_GREETING;
		take_body(m, hp_json_get(greeting, "version"));
	} else if (event) {
		m->kind = HP_QMP_EVENT;
		copy_text(m->name, sizeof(m->name), event);
		take_body(m, hp_json_get(top, "data"));
	} else if (error) {
		read_error(m, error);
	} else if (returned) {
		m->kind = HP_QMP_RETURN;
		take_body(m, hp_json_get(top, "return"));
	} else {
		return hp_fail(err, HP_EPROTO,
			       "QMP: a message with no QMP, event, return or error in it");
	}
	return 0;
}

static int read_line(struct hp_bytes line, struct hp_qmp_message *ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = NULL;
	AUTO(hp_qmp_message_clear) struct hp_qmp_message m = {0};

	if (hp_json_parse(line, &top, err) < 0) {
		err->code = HP_EPROTO;
		return hp_wrap(err, "QMP");
	}
	if (read_message(top, &m, err) < 0)
		return -1;
	*ret = m;
	m = (struct hp_qmp_message){0};
	return 0;
}

ssize_t hp_qmp_next(struct hp_bytes in, struct hp_qmp_message *ret, struct hp_error *err)
{
	size_t at = 0;

	/* QEMU ends its lines with \r\n. */
	while (at < in.len && (in.data[at] == '\r' || in.data[at] == '\n'))
		at++;
	if (at == in.len)
		return 0;

	const uint8_t *end = memchr(in.data + at, '\n', in.len - at);
	const size_t len = end ? (size_t)(end - in.data) - at : in.len - at;
	if (len > HP_QMP_LINE)
		return hp_fail(err, HP_EPROTO, "QMP: a line of over %d bytes", HP_QMP_LINE);
	if (!end)
		return 0;
	if (read_line(HP_BYTES(in.data + at, len), ret, err) < 0)
		return -1;
	return (ssize_t)(at + len + 1);
}

int hp_qmp_put(struct hp_buf *out, const char *name, const struct hp_json *arguments,
	       uint64_t id, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();

	hp_json_set_str(top, "execute", name);
	if (arguments)
		hp_json_set(top, "arguments", hp_json_copy(arguments));
	if (id)
		hp_json_set_u64(top, "id", id);

	AUTO_FREE char *text = hp_json_text(top, false);
	return hp_buf_printf(out, err, "%s\n", text);
}
