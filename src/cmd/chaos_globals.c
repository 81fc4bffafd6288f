/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_globals.c - the flags before the command, and what they must hold together.
 * From: Pumba 1.1 to 1.6, and for the second names the design that its containerd part came from. */
#include <string.h>

#include "base/go.h"
#include "cmd/chaos.h"

#define GLOBAL(m) offsetof(struct hp_chaos_globals, m)

/* Faults are named after their run, with a number behind. */
enum { RUN_ID_MAX = 48 };

/* clang-format off: one row a flag */
const struct hp_pflag hp_chaos_flags[] = {
	{HP_PFLAG_STR, "host, H", "DOCKER_HOST", "unix:///var/run/docker.sock",
	 "Docker: its socket", GLOBAL(host)},
	{HP_PFLAG_STR, "runtime, R, engine", "PUMBA_RUNTIME, HARPOON_ENGINE", NULL,
	 "docker, containerd, podman or cri; without it the first whose socket there is",
	 GLOBAL(runtime)},
	{HP_PFLAG_STR, "containerd-socket, containerd-address", "CONTAINERD_ADDRESS",
	 "/run/containerd/containerd.sock", "containerd: its socket",
	 GLOBAL(containerd_socket)},
	{HP_PFLAG_STR, "containerd-namespace, namespace", "CONTAINERD_NAMESPACE", NULL,
	 "containerd: its namespace; k8s.io as pumba, default as harpoon",
	 GLOBAL(containerd_namespace)},
	{HP_PFLAG_STR, "podman-socket", NULL, NULL, "Podman: its socket, found without it",
	 GLOBAL(podman_socket)},
	{HP_PFLAG_STR, "cri-socket", "CONTAINER_RUNTIME_ENDPOINT", NULL,
	 "CRI: its socket, found without it", GLOBAL(cri_socket)},
	{HP_PFLAG_BOOL, "tls", NULL, NULL, "Docker: use TLS, believing any certificate",
	 GLOBAL(tls)},
	{HP_PFLAG_BOOL, "tlsverify", "DOCKER_TLS_VERIFY", NULL,
	 "Docker: use TLS and check the daemon's certificate", GLOBAL(tls_verify)},
	{HP_PFLAG_STR, "tlscacert", NULL, NULL,
	 "Docker: certificate of who signed the daemon's; ca.pem in $DOCKER_CERT_PATH or "
	 "/etc/ssl/docker without it",
	 GLOBAL(tls_ca)},
	{HP_PFLAG_STR, "tlscert", NULL, NULL,
	 "Docker: certificate of the client; cert.pem there without it", GLOBAL(tls_cert)},
	{HP_PFLAG_STR, "tlskey", NULL, NULL,
	 "Docker: key of the client; key.pem there without it", GLOBAL(tls_key)},
	{HP_PFLAG_STR, "log-level, l", "LOG_LEVEL", "warning",
	 "what to tell: debug, info, warning, error, fatal or panic", GLOBAL(log_level)},
	{HP_PFLAG_BOOL, "json, j", "LOG_JSON", NULL, "log lines as JSON", GLOBAL(json)},
	{HP_PFLAG_STR, "slackhook", NULL, NULL, "URL of Slack to send log lines to",
	 GLOBAL(slack_hook)},
	{HP_PFLAG_STR, "slackchannel", NULL, "#pumba", "Slack's channel",
	 GLOBAL(slack_channel)},
	{HP_PFLAG_STR, "webhook", NULL, NULL, "URL to POST every event to, as JSON",
	 GLOBAL(webhook)},
	{HP_PFLAG_STR, "output", NULL, "text",
	 "events on stdout: text (plans of dry runs only), or ndjson (an object a line)",
	 GLOBAL(output)},
	{HP_PFLAG_STR, "report", NULL, NULL, "file to write a report to, as HTML",
	 GLOBAL(report)},
	{HP_PFLAG_SPAN, "interval, i", NULL, "0s",
	 "do it again and again, so often; 10s~30s is any time between", GLOBAL(interval)},
	{HP_PFLAG_DURATION, "start-delay", NULL, "0s", "wait before the first time",
	 GLOBAL(start_delay_ns)},
	{HP_PFLAG_INT, "count", NULL, "0", "do it so often with --interval; 0 is without end",
	 GLOBAL(count)},
	{HP_PFLAG_DURATION, "max-duration", NULL, "0s",
	 "end the run, and undo what it holds, after this time; 0 is no limit",
	 GLOBAL(max_duration_ns)},
	{HP_PFLAG_LIST, "label", NULL, NULL,
	 "only containers with this label, key or key=value; several must all match",
	 GLOBAL(labels)},
	{HP_PFLAG_BOOL, "random, r", NULL, NULL, "one container of those that match, by chance",
	 GLOBAL(random)},
	{HP_PFLAG_INT, "seed", NULL, NULL,
	 "make the choices by chance of the run that logged this number", GLOBAL(seed)},
	{HP_PFLAG_STR, "run-id", NULL, NULL, "name of the run in events, faults and revert",
	 GLOBAL(run_id)},
	{HP_PFLAG_BOOL, "dry-run", "DRY-RUN", NULL, "say what would be done, and do nothing",
	 GLOBAL(dry_run)},
	{HP_PFLAG_BOOL, "skip-error", NULL, NULL, "go on at the next interval after a failure",
	 GLOBAL(skip_error)},
	{HP_PFLAG_BOOL, "fail-if-none", NULL, NULL, "fail when no container matches",
	 GLOBAL(fail_if_none)},
	{HP_PFLAG_BOOL, "follow", NULL, NULL,
	 "also containers that start while the fault is held", GLOBAL(follow)},
	{HP_PFLAG_BOOL, "allow-host", NULL, NULL, "containers in the host's own network, too",
	 GLOBAL(allow_host)},
	{HP_PFLAG_BOOL, "help, h", NULL, NULL, "show help", GLOBAL(base.help)},
	{HP_PFLAG_BOOL, "version, v", NULL, NULL, "print the version", GLOBAL(version)},
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int check_runtime(const char *name, struct hp_error *err)
{
	static const char *const known[] = {"",       "docker", "containerd",
					    "podman", "cri",    "fake"};

	for (size_t i = 0; i < HP_ARRAY_LEN(known); i++)
		if (hp_str_eq(name, known[i]))
			return 0;
	return hp_fail(err, HP_EUSAGE,
		       "unsupported runtime: %s; there are docker, containerd, podman and cri",
		       name);
}

static int check_times(const struct hp_chaos_globals *g, struct hp_error *err)
{
	if (g->interval.min_ns < 0)
		return hp_fail(err, HP_EUSAGE, "invalid interval: it is negative");
	if (g->interval.min_ns == 0 && g->interval.max_ns > 0)
		return hp_fail(err, HP_EUSAGE, "invalid interval: a range begins above 0");
	if (g->start_delay_ns < 0)
		return hp_fail(err, HP_EUSAGE, "invalid start-delay: it is negative");
	if (g->max_duration_ns < 0)
		return hp_fail(err, HP_EUSAGE, "invalid max-duration: it is negative");
	if (g->count < 0)
		return hp_fail(err, HP_EUSAGE, "invalid count: it is negative");
	if (g->count > 1 && g->interval.max_ns == 0)
		return hp_fail(err, HP_EUSAGE, "count of %lld needs an --interval",
			       (long long)g->count);
	return 0;
}

int hp_chaos_check(const struct hp_chaos_globals *g, struct hp_error *err)
{
	if (check_runtime(g->runtime, err) < 0 || check_times(g, err) < 0)
		return -1;
	if (!hp_str_eq(g->output, "text") && !hp_str_eq(g->output, "ndjson"))
		return hp_fail(err, HP_EUSAGE, "invalid output '%s'; there are text and ndjson",
			       g->output);
	if (g->run_id[0] && hp_str_check_id("run-id", g->run_id, err) < 0)
		return -1;
	if (strlen(g->run_id) > RUN_ID_MAX)
		return hp_fail(err, HP_EUSAGE, "run-id '%s' is longer than %d bytes", g->run_id,
			       RUN_ID_MAX);
	return 0;
}

int hp_chaos_duration(const char *text, int64_t *ret_ns, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;
	int64_t ns = 0;

	if (hp_go_duration(text, &ns, &why) < 0 || ns <= 0)
		return hp_fail(
			err, HP_EUSAGE,
			"unset or invalid duration value '%s'; it is a time such as 10s, "
			"1m30s or 300ms",
			text);
	*ret_ns = ns;
	return 0;
}
