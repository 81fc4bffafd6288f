/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - owns the reading of networks, ports and shares. */
#include "wire/filter.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

/* Clear the bits of @address after the first @keep. */
static void mask(uint8_t *address, size_t bytes, unsigned keep)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned bits = keep > i * 8 ? keep - (unsigned)i * 8 : 0;

		if (bits < 8)
			address[i] &= (uint8_t)(0xff00U >> bits);
	}
}

/* Digits only, at most @most of them. Returns: -1 when it is something else. */
static int small_number(const char *s, size_t len, size_t most)
{
	int n = 0;

	if (len == 0 || len > most || strspn(s, "0123456789") < len)
		return -1;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	return n;
}

int hp_filter_network(const char *text, char **ret, struct hp_error *err)
{
	const char *slash = strchr(text, '/');
	AUTO_FREE char *host = hp_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;
	const unsigned bits = family == AF_INET6 ? 128 : 32;
	int keep = slash ? small_number(slash + 1, strlen(slash + 1), 3) : (int)bits;
	uint8_t address[16];
	char clean[INET6_ADDRSTRLEN];

	if (inet_pton(family, host, address) != 1)
		return hp_fail(err, HP_EINVALID,
			       "'%s' is not an address or network such as 10.0.0.1, 10.0.0.0/8 "
			       "or fd00::/8",
			       text);
	if (keep < 0 || (unsigned)keep > bits)
		return hp_fail(err, HP_EINVALID,
			       "'%s' has no length from 0 to %u after its '/'", text, bits);
	mask(address, bits / 8, (unsigned)keep);
	*ret = hp_sprintf("%s/%d", inet_ntop(family, address, clean, sizeof(clean)), keep);
	return 0;
}

/* One port or range of @len bytes. */
static int add_ports(const char *s, size_t len, struct hp_strv *ports)
{
	const char *dash = memchr(s, '-', len);
	size_t first_len = dash ? (size_t)(dash - s) : len;
	int first = small_number(s, first_len, PORT_DIGITS);
	int last = dash ? small_number(dash + 1, len - first_len - 1, PORT_DIGITS) : first;

	if (first < 0 || last < first || last > PORT_MAX)
		return -1;
	if (dash)
		hp_strv_addf(ports, "%d-%d", first, last);
	else
		hp_strv_addf(ports, "%d", first);
	return 0;
}

int hp_filter_ports(const char *text, struct hp_strv *ports, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv found = {0};
	const char *s = text;

	if (!*s)
		return 0;
	for (;; s++) {
		size_t len = strcspn(s, ",");

		if (add_ports(s, len, &found) < 0)
			return hp_fail(
				err, HP_EINVALID,
				"invalid port '%.*s' in '%s'; ports are numbers from 0 to "
				"65535, or ranges such as 1000-2000, with commas between",
				(int)len, s, text);
		if (found.count > HP_FILTER_PORTS_MAX)
			return hp_fail(err, HP_EINVALID, "more than %d ports in one list",
				       HP_FILTER_PORTS_MAX);
		s += len;
		if (!*s)
			break;
	}
	for (size_t i = 0; i < found.count; i++)
		hp_strv_add(ports, found.items[i]);
	return 0;
}

int hp_filter_share(const char *what, double value, double most, struct hp_error *err)
{
	/* Written so that what is no number, which compares with nothing, is refused. */
	if (value >= 0 && value <= most)
		return 0;
	return hp_fail(err, HP_ERANGE, "%s must be between 0 and %g, and is %g", what, most,
		       value);
}
