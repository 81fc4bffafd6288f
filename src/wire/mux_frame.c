/* SPDX-License-Identifier: Apache-2.0 */
/* mux_frame.c - read and write the frames of the channel between shim and guest. */
#include "wire/mux_frame.h"

#include <string.h>

static uint32_t get_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_u32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

ssize_t hp_mux_frame_next(struct hp_bytes in, struct hp_mux_frame *ret, struct hp_error *err)
{
	struct hp_mux_frame f = {0};
	uint32_t number;

	if (in.len < HP_MUX_HEADER)
		return 0;
	f.stream = get_u32(in.data);
	number = get_u32(in.data + 4);
	f.type = in.data[8];
	if (in.data[9] || in.data[10] || in.data[11])
		return hp_fail(err, HP_EPROTO, "mux frame: bytes that must be zero are not");
	switch (f.type) {
	case HP_MUX_DATA:
		if (number > HP_MUX_PAYLOAD)
			return hp_fail(err, HP_EPROTO,
				       "mux frame: %u bytes are over the limit of %d", number,
				       HP_MUX_PAYLOAD);
		if (in.len - HP_MUX_HEADER < number)
			return 0;
		f.payload = HP_BYTES(in.data + HP_MUX_HEADER, number);
		break;
	case HP_MUX_CREDIT:
		f.credit = number;
		break;
	case HP_MUX_END:
	case HP_MUX_RESET:
	case HP_MUX_MARK:
		if (number != 0)
			return hp_fail(err, HP_EPROTO, "mux frame: type %d has no payload",
				       f.type);
		break;
	default:
		return hp_fail(err, HP_EPROTO, "mux frame: there is no type %d", f.type);
	}
	*ret = f;
	return (ssize_t)(HP_MUX_HEADER + f.payload.len);
}

int hp_mux_frame_put(struct hp_buf *out, const struct hp_mux_frame *f, struct hp_error *err)
{
	const size_t len = f->type == HP_MUX_DATA ? f->payload.len : 0;
	uint8_t *at;

	if (len > HP_MUX_PAYLOAD)
		return hp_fail(err, HP_EEXHAUSTED,
			       "mux frame: %zu bytes are over the limit of %d", len,
			       HP_MUX_PAYLOAD);
	at = hp_buf_reserve(out, HP_MUX_HEADER + len, err);
	if (!at)
		return -1;
	memset(at, 0, HP_MUX_HEADER);
	put_u32(at, f->stream);
	put_u32(at + 4, f->type == HP_MUX_CREDIT ? f->credit : (uint32_t)len);
	at[8] = f->type;
	if (len > 0)
		memcpy(at + HP_MUX_HEADER, f->payload.data, len);
	out->len += HP_MUX_HEADER + len;
	return 0;
}
