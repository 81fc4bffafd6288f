/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - where a docker daemon is, in the forms that its own tools take. */
#include "engine/docker/docker.h"

#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

#define FORMS "unix:///run/docker.sock, /run/docker.sock, tcp://HOST:PORT, https://HOST:PORT"

/* From: docker docs, "Configure remote access": 2375 is plain, 2376 is TLS. */
#define PLAIN_PORT "2375"
#define TLS_PORT   "2376"

void hp_docker__address_clear(struct hp_docker_address *a)
{
	free(a->path);
	free(a->host);
	free(a->port);
	*a = (struct hp_docker_address){0};
}

/* "host", "host:port", "[::1]:port", with a slash after it or none. */
static int read_host(const char *text, bool tls, struct hp_docker_address *ret,
		     struct hp_error *err)
{
	const size_t len = strcspn(text, "/?#");
	const bool bracket = text[0] == '[';
	const size_t host_len = bracket                    ? strcspn(text, "]")
				: strcspn(text, ":") < len ? strcspn(text, ":")
							   : len;
	const char *after = text + host_len + (bracket && text[host_len] ? 1 : 0);
	uint64_t number = 0;
	struct hp_error why = HP_ERROR_INIT;

	if (text[len] && !hp_str_eq(text + len, "/"))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "docker address '%s': a path on the host is not supported",
			       text);
	if (host_len == (bracket ? 1U : 0U) || after > text + len ||
	    (after != text + len && *after != ':'))
		return hp_fail(err, HP_EINVALID, "docker address '%s': expected " FORMS, text);
	AUTO_FREE char *port = *after == ':'
				       ? hp_strndup(after + 1, (size_t)(text + len - after - 1))
				       : hp_strdup(tls ? TLS_PORT : PLAIN_PORT);
	if (hp_str_u64(port, &number, &why) < 0 || number == 0 || number > 65535)
		return hp_fail(err, HP_EINVALID,
			       "docker address '%s': '%s' is no port, which is from 1 to 65535",
			       text, port);
	*ret = (struct hp_docker_address){
		.host = bracket ? hp_strndup(text + 1, host_len - 1)
				: hp_strndup(text, host_len),
		.port = TAKE(port),
		.tls = tls,
	};
	return 0;
}

int hp_docker__address_parse(const char *text, struct hp_docker_address *ret,
			     struct hp_error *err)
{
	const char *path = hp_str_starts(text, "unix://") ? text + strlen("unix://") : text;

	if (path[0] == '/') {
		*ret = (struct hp_docker_address){.path = hp_path_clean(path)};
		return 0;
	}
	if (hp_str_starts(text, "tcp://"))
		return read_host(text + strlen("tcp://"), false, ret, err);
	if (hp_str_starts(text, "http://"))
		return read_host(text + strlen("http://"), false, ret, err);
	if (hp_str_starts(text, "https://"))
		return read_host(text + strlen("https://"), true, ret, err);
	if (hp_str_starts(text, "ssh://"))
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"docker address '%s': ssh is not spoken; forward the socket with "
			"'ssh -NL /tmp/docker.sock:/run/docker.sock HOST' and name that",
			text);
	return hp_fail(err, HP_EINVALID, "docker address '%s': expected " FORMS, text);
}
