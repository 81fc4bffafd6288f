/* SPDX-License-Identifier: Apache-2.0 */
/* docker_config.c - look a registry up in docker's config.json. */
#include "wire/docker_config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "wire/base64.h"
#include "wire/json.h"

/* From: docker/docker registry/config.go, IndexServer. */
#define HUB_KEY    "https://index.docker.io/v1/"
/* From: docker-credential-helpers client/client.go: the user of an identity token. */
#define TOKEN_USER "<token>"
/* A helper's name becomes part of a program's. */
#define HELPER_MAX 64

static void wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(TAKE(*secret));
}

void hp_credentials_clear(struct hp_credentials *c)
{
	free(TAKE(c->user));
	wipe(&c->password);
	wipe(&c->identity_token);
	free(TAKE(c->helper));
}

const char *hp_docker_config_key(const char *host)
{
	return hp_str_eq(host, "docker.io") || hp_str_eq(host, "registry-1.docker.io") ? HUB_KEY
										       : host;
}

/* "https://host/v1/" is the host's as well. */
static bool is_key_of(const char *key, const char *host)
{
	const char *wanted = hp_docker_config_key(host);

	if (hp_str_eq(key, wanted))
		return true;
	if (hp_str_starts(key, "https://"))
		key += strlen("https://");
	else if (hp_str_starts(key, "http://"))
		key += strlen("http://");
	const size_t len = strcspn(key, "/");
	return strlen(host) == len && strncmp(key, host, len) == 0;
}

static const struct hp_json *find_entry(const struct hp_json *map, const char *host)
{
	const struct hp_json *exact = hp_json_get(map, hp_docker_config_key(host));

	for (size_t i = 0; !exact && i < hp_json_count(map); i++)
		if (hp_json_is_object(map) && is_key_of(hp_json_key_at(map, i), host))
			exact = hp_json_value_at(map, i);
	return exact;
}

/* Returns: 1, 0 when there is no helper, -1. */
static int find_helper(const struct hp_json *config, const char *host, char **ret,
		       struct hp_error *err)
{
	const char *name = hp_json_str(find_entry(hp_json_get(config, "credHelpers"), host));

	if (hp_str_empty(name))
		name = hp_json_get_str(config, "credsStore");
	if (hp_str_empty(name))
		return 0;
	if (strlen(name) > HELPER_MAX || strspn(name, "abcdefghijklmnopqrstuvwxyz"
						      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						      "0123456789-_.") != strlen(name))
		return hp_fail(err, HP_ECORRUPT, "'%.80s' is no name of a credential helper",
			       name);
	*ret = hp_strdup(name);
	return 1;
}

/* "auth" is the base64 of "user:password". */
static int read_auth(const char *auth, struct hp_credentials *c, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf pair = {0};

	if (hp_base64_parse(auth, &pair, err) < 0)
		return -1;
	if (memchr(pair.data ? pair.data : (uint8_t *)"", 0, pair.len))
		return hp_fail(err, HP_ECORRUPT, "'auth' has a NUL in it");
	char *text = hp_buf_take_str(&pair);
	char *colon = strchr(text, ':');
	if (colon) {
		c->user = hp_strndup(text, (size_t)(colon - text));
		c->password = hp_strdup(colon + 1);
	}
	wipe(&text);
	return colon ? 0 : hp_fail(err, HP_ECORRUPT, "'auth' is not of the form user:password");
}

static int read_entry(const struct hp_json *entry, struct hp_credentials *c,
		      struct hp_error *err)
{
	const char *auth = hp_json_get_str(entry, "auth");
	const char *token = hp_json_get_str(entry, "identitytoken");

	if (!hp_str_empty(auth) && read_auth(auth, c, err) < 0)
		return -1;
	if (!c->user && !hp_str_empty(hp_json_get_str(entry, "username"))) {
		const char *password = hp_json_get_str(entry, "password");
		c->user = hp_strdup(hp_json_get_str(entry, "username"));
		c->password = hp_strdup(password ? password : "");
	}
	if (!hp_str_empty(token))
		c->identity_token = hp_strdup(token);
	return c->user || c->identity_token;
}

int hp_docker_config_find(struct hp_bytes text, const char *host, struct hp_credentials *ret,
			  struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO(hp_credentials_clear) struct hp_credentials c = {0};

	if (hp_json_parse(text, &config, err) < 0)
		return -1;
	if (!hp_json_is_object(config))
		return hp_fail(err, HP_ECORRUPT, "it is no JSON object");
	int got = find_helper(config, host, &c.helper, err);
	if (got == 0)
		got = read_entry(find_entry(hp_json_get(config, "auths"), host), &c, err);
	if (got < 0)
		return hp_wrap(err, "credentials of '%s'", host);
	*ret = c;
	c = (struct hp_credentials){0};
	return got;
}

int hp_docker_config_read_answer(struct hp_bytes text, struct hp_credentials *ret,
				 struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *answer = NULL;

	if (hp_json_parse(text, &answer, err) < 0)
		return -1;
	const char *user = hp_json_get_str(answer, "Username");
	const char *secret = hp_json_get_str(answer, "Secret");
	if (hp_str_empty(user) || !secret)
		return hp_fail(err, HP_ECORRUPT, "it has no Username and Secret");
	if (hp_str_eq(user, TOKEN_USER)) {
		ret->identity_token = hp_strdup(secret);
	} else {
		ret->user = hp_strdup(user);
		ret->password = hp_strdup(secret);
	}
	return 0;
}
