/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - lengths and paddings of netlink messages, and nothing of what they mean. */
#include "wire/netlink.h"

#include <string.h>

#define ALIGNED(len) (((len) + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1))

_Static_assert(NLMSG_ALIGNTO == NLA_ALIGNTO, "messages and attributes are padded alike");

/* Room for @len bytes and their padding, which is zeroed. NULL: it does not fit. */
static uint8_t *extend(struct hp_netlink_request *r, size_t len)
{
	uint8_t *place = r->bytes + r->len;

	if (len > sizeof(r->bytes) - r->len || ALIGNED(len) > sizeof(r->bytes) - r->len) {
		r->too_long = true;
		return NULL;
	}
	memset(place, 0, ALIGNED(len));
	r->len += ALIGNED(len);
	return place;
}

void hp_netlink_begin(struct hp_netlink_request *r, uint16_t type, uint16_t flags,
		      const void *fixed, size_t len)
{
	struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};

	r->len = 0;
	r->too_long = false;

	/* Into an empty request a header goes always. */
	memcpy(extend(r, sizeof(header)), &header, sizeof(header));

	uint8_t *place = extend(r, len);

	if (place && len > 0)
		memcpy(place, fixed, len);
}

void hp_netlink_put(struct hp_netlink_request *r, uint16_t type, const void *data, size_t len)
{
	struct nlattr header = {.nla_type = type};
	uint8_t *place = len <= sizeof(r->bytes) ? extend(r, sizeof(header) + len) : NULL;

	if (!place) {
		r->too_long = true;
		return;
	}
	header.nla_len = (uint16_t)(sizeof(header) + len);
	memcpy(place, &header, sizeof(header));
	if (len > 0)
		memcpy(place + sizeof(header), data, len);
}

void hp_netlink_put_u32(struct hp_netlink_request *r, uint16_t type, uint32_t value)
{
	hp_netlink_put(r, type, &value, sizeof(value));
}

void hp_netlink_put_str(struct hp_netlink_request *r, uint16_t type, const char *s)
{
	hp_netlink_put(r, type, s, strlen(s) + 1);
}

size_t hp_netlink_nest(struct hp_netlink_request *r, uint16_t type)
{
	size_t place = r->len;

	hp_netlink_put(r, type | NLA_F_NESTED, NULL, 0);
	return place;
}

void hp_netlink_nest_end(struct hp_netlink_request *r, size_t place)
{
	uint16_t len = (uint16_t)(r->len - place);

	/* The attribute's own header was left out when there was no room for it. */
	if (!r->too_long)
		memcpy(r->bytes + place + offsetof(struct nlattr, nla_len), &len, sizeof(len));
}

struct hp_bytes hp_netlink_end(struct hp_netlink_request *r, uint16_t flags, uint32_t number)
{
	struct nlmsghdr header;

	memcpy(&header, r->bytes, sizeof(header));
	header.nlmsg_len = (uint32_t)r->len;
	header.nlmsg_flags |= flags;
	header.nlmsg_seq = number;
	memcpy(r->bytes, &header, sizeof(header));
	return HP_BYTES(r->bytes, r->len);
}

/* Drop @len bytes and their padding, which the last one may lack. */
static void advance(struct hp_bytes *in, size_t len)
{
	size_t used = ALIGNED(len) < in->len ? ALIGNED(len) : in->len;

	*in = HP_BYTES(in->data + used, in->len - used);
}

int hp_netlink_next(struct hp_bytes *in, struct hp_netlink_message *ret, struct hp_error *err)
{
	struct nlmsghdr header;

	if (in->len == 0)
		return 0;
	if (in->len < sizeof(header))
		return hp_fail(err, HP_EPROTO, "a netlink message of %zu bytes", in->len);
	memcpy(&header, in->data, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > in->len)
		return hp_fail(err, HP_EPROTO,
			       "a netlink message of %zu bytes says that it has %u", in->len,
			       header.nlmsg_len);

	ret->type = header.nlmsg_type;
	ret->flags = header.nlmsg_flags;
	ret->number = header.nlmsg_seq;
	ret->body = HP_BYTES(in->data + sizeof(header), header.nlmsg_len - sizeof(header));
	advance(in, header.nlmsg_len);
	return 1;
}

int hp_netlink_next_attribute(struct hp_bytes *in, uint16_t *ret_type, struct hp_bytes *ret,
			      struct hp_error *err)
{
	struct nlattr header;

	if (in->len == 0)
		return 0;
	if (in->len < sizeof(header))
		return hp_fail(err, HP_EPROTO, "a netlink attribute of %zu bytes", in->len);
	memcpy(&header, in->data, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > in->len)
		return hp_fail(err, HP_EPROTO,
			       "a netlink attribute of %u bytes where %zu are left",
			       header.nla_len, in->len);
	*ret_type = header.nla_type & (uint16_t)NLA_TYPE_MASK;
	*ret = HP_BYTES(in->data + sizeof(header), header.nla_len - sizeof(header));
	advance(in, header.nla_len);
	return 1;
}

int hp_netlink_read_nested(struct hp_bytes attribute, struct hp_bytes *table, size_t count,
			   struct hp_error *err)
{
	struct hp_bytes value = {NULL, 0};
	uint16_t type = 0;
	int rc;

	memset(table, 0, count * sizeof(*table));
	while ((rc = hp_netlink_next_attribute(&attribute, &type, &value, err)) > 0)
		if (type < count)
			table[type] = value;
	return rc;
}

int hp_netlink_read(struct hp_bytes body, void *ret_fixed, size_t len, struct hp_bytes *table,
		    size_t count, struct hp_error *err)
{
	if (body.len < len)
		return hp_fail(err, HP_EPROTO,
			       "a netlink message's body has %zu bytes, not %zu", body.len,
			       len);
	memcpy(ret_fixed, body.data, len);
	advance(&body, len);
	return hp_netlink_read_nested(body, table, count, err);
}

uint32_t hp_netlink_u32(struct hp_bytes attribute)
{
	uint32_t value = 0;

	if (attribute.len == sizeof(value))
		memcpy(&value, attribute.data, sizeof(value));
	return value;
}

void hp_netlink_str(struct hp_bytes attribute, char *ret, size_t size)
{
	size_t len = attribute.len ? strnlen((const char *)attribute.data, attribute.len) : 0;

	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(ret, attribute.data, len);
	ret[len] = '\0';
}

int hp_netlink_verdict(const struct hp_netlink_message *m, int *ret_sys, char *ret_words,
		       size_t size, struct hp_error *err)
{
	struct nlmsgerr verdict;
	struct hp_bytes table[NLMSGERR_ATTR_MSG + 1] = {{NULL, 0}};

	if (m->type != NLMSG_ERROR || m->body.len < sizeof(verdict))
		return hp_fail(err, HP_EPROTO, "netlink's answer is no verdict");
	memcpy(&verdict, m->body.data, sizeof(verdict));
	/* Attributes stand behind the request that is returned, or behind its header alone. */
	if (m->flags & NLM_F_ACK_TLVS) {
		struct hp_bytes rest = m->body;
		size_t echoed = m->flags & NLM_F_CAPPED ? sizeof(struct nlmsghdr)
							: verdict.msg.nlmsg_len;

		advance(&rest, offsetof(struct nlmsgerr, msg));
		advance(&rest, echoed);
		if (hp_netlink_read_nested(rest, table, HP_ARRAY_LEN(table), err) < 0)
			return -1;
	}
	*ret_sys = verdict.error < 0 && verdict.error > INT32_MIN ? -verdict.error : 0;
	hp_netlink_str(table[NLMSGERR_ATTR_MSG], ret_words, size);
	return 0;
}
