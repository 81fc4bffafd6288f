/* SPDX-License-Identifier: Apache-2.0 */
/* docker.c - the docker engine: its table of operations, opening, and what it is.
 *
 * What it leaves open: a list tells no pid, which needs an inspect of each container; namespaces,
 * signals to execs and a census are not there, as docker's API has none. */
#include "engine/docker/docker.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/ops.h"

/* From: docker docs, "Daemon socket option". */
#define DEFAULT_ADDRESS "unix:///var/run/docker.sock"

int hp_docker__open_engine(struct hp_engine *e, const struct hp_client_config *config,
			   struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	const char *variable = getenv("DOCKER_HOST");
	const char *address = config->address;

	if (hp_str_empty(address))
		address = hp_str_empty(variable) ? DEFAULT_ADDRESS : variable;
	if (hp_docker__address_parse(address, &d->at, err) < 0)
		return -1;
	e->address = d->at.path ? hp_strdup(d->at.path) : hp_strdup(address);
	/* An address that says https is believed by its certificate, unless --tls says otherwise. */
	d->tls_verify = config->tls_verify || (d->at.tls && !config->tls);
	d->at.tls = !d->at.path && (d->at.tls || config->tls || config->tls_verify);
	d->tls_ca = hp_strdup(config->tls_ca);
	d->tls_cert = hp_strdup(config->tls_cert);
	d->tls_key = hp_strdup(config->tls_key);
	if (!d->at.tls && d->at.host && hp_str_eq(d->at.port, "2376"))
		return hp_fail(
			err, HP_EINVALID,
			"docker address '%s': port 2376 is for TLS; give --tlsverify, or "
			"https:// in place of tcp://",
			address);
	return 0;
}

void hp_docker__close_engine(struct hp_engine *e)
{
	struct docker *d = hp_docker__of(e);

	hp_exchange_free(d->idle);
	hp_docker__address_clear(&d->at);
	free(d->tls_ca);
	free(d->tls_cert);
	free(d->tls_key);
}

int hp_docker__version(struct hp_engine *e, struct hp_version *ret, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_docker__get(d, "/version", &reply, err) < 0)
		return -1;
	const char *version = hp_json_get_str(reply, "Version");
	const char *revision = hp_json_get_str(reply, "GitCommit");
	if (!version)
		return hp_fail(err, HP_EPROTO, "the answer holds no version");
	*ret = (struct hp_version){
		.version = hp_strdup(version),
		.revision = hp_strdup(revision ? revision : ""),
		.api = hp_sprintf("1.%u", d->api),
	};
	return 0;
}

static void add_number(struct hp_labels *info, const char *key, const struct hp_json *number)
{
	AUTO_FREE char *text = hp_sprintf("%lld", (long long)hp_json_i64(number, 0));

	hp_labels_add(info, key, text);
}

static void add_text(struct hp_labels *info, const char *key, const char *text)
{
	if (!hp_str_empty(text))
		hp_labels_add(info, key, text);
}

int hp_docker__info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	AUTO(hp_labels_clear) struct hp_labels info = {0};

	if (hp_docker__get(d, "/info", &reply, err) < 0)
		return -1;
	AUTO_FREE char *api = hp_sprintf("1.%u", d->api);
	hp_labels_add(&info, "engine", e->ops->name);
	add_text(&info, "version", hp_json_get_str(reply, "ServerVersion"));
	hp_labels_add(&info, "api", api);
	hp_labels_add(&info, "address", e->address);
	add_text(&info, "uuid", hp_json_get_str(reply, "ID"));
	add_text(&info, "name", hp_json_get_str(reply, "Name"));
	add_number(&info, "containers", hp_json_get(reply, "Containers"));
	add_number(&info, "running", hp_json_get(reply, "ContainersRunning"));
	add_number(&info, "paused", hp_json_get(reply, "ContainersPaused"));
	add_number(&info, "images", hp_json_get(reply, "Images"));
	add_text(&info, "storage", hp_json_get_str(reply, "Driver"));
	add_text(&info, "runtime", hp_json_get_str(reply, "DefaultRuntime"));
	add_text(&info, "cgroup", hp_json_get_str(reply, "CgroupDriver"));
	add_text(&info, "root", hp_json_get_str(reply, "DockerRootDir"));
	*ret = info;
	info = (struct hp_labels){0};
	return 0;
}

const struct hp_engine_ops hp_engine__docker = {
	.name = "docker",
	.can = HP_CAN_PAUSE | HP_CAN_UPDATE | HP_CAN_STATS | HP_CAN_EVENTS | HP_CAN_ATTACH |
	       HP_CAN_LOGS | HP_CAN_EXEC | HP_CAN_RESIZE | HP_CAN_IMPORT | HP_CAN_EXPORT |
	       HP_CAN_TAG | HP_CAN_CREATE | HP_CAN_PULL | HP_CAN_RESTART | HP_CAN_ISOLATE |
	       HP_CAN_LIMIT_PIDS | HP_CAN_LOG_NONE | HP_CAN_EXEC_AS | HP_CAN_EXEC_DETACH,
	.size = sizeof(struct docker),
	.open = hp_docker__open_engine,
	.close = hp_docker__close_engine,
	.version = hp_docker__version,
	.info = hp_docker__info,
	.list = hp_docker__list,
	.list_some = hp_docker__list_some,
	.inspect = hp_docker__inspect,
	.create = hp_docker__create,
	.start = hp_docker__start,
	.stop = hp_docker__stop,
	.kill = hp_docker__kill,
	.pause = hp_docker__pause,
	.unpause = hp_docker__unpause,
	.remove = hp_docker__remove,
	.exec = hp_docker__exec,
	.attach = hp_docker__attach,
	.resize = hp_docker__resize,
	.logs = hp_docker__logs,
	.waiter = hp_docker__waiter,
	.update = hp_docker__update,
	.stats = hp_docker__stats,
	.events = hp_docker__events,
	.images = hp_docker__images,
	.import = hp_docker__import,
	.pull = hp_docker__pull,
	.export = hp_docker__export,
	.remove_image = hp_docker__remove_image,
	.tag = hp_docker__tag,
};
