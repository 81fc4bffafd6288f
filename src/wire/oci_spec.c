/* SPDX-License-Identifier: Apache-2.0 */
/* oci_spec.c - put config.json together: the frame, the namespaces, and what is hidden. */
#include "wire/oci_spec.h"

#include "wire/oci_parts.h"

/* From: OCI runtime-spec config.md, "Specification version"; runc 1.1 and crun 1.8 know 1.0.2. */
#define OCI_VERSION "1.0.2"

/* What of /proc and /sys a container must not see, or not write: they are the host's.
 * From: moby oci/defaults.go, DefaultLinuxSpec. */
static const char *const masked_paths[] = {
	"/proc/asound",
	"/proc/acpi",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

bool hp_oci__is_host(const char *mode)
{
	return mode && hp_str_eq(mode, "host");
}

/* A mode that this builder would not honour must not pass as another one. */
static int check_mode(const char *what, const char *mode, const char *own, struct hp_error *err)
{
	if (hp_str_empty(mode) || hp_str_eq(mode, own) || hp_str_eq(mode, "host"))
		return 0;
	return hp_fail(err, HP_EINVALID,
		       "%s '%.64s': expected '%s' or 'host'; there is no other yet", what, mode,
		       own);
}

static int check_modes(const struct hp_oci_input *in, struct hp_error *err)
{
	const struct hp_container_spec *spec = in->spec;

	if ((!in->netns_path && check_mode("network", spec->network, "none", err) < 0) ||
	    check_mode("pid mode", spec->pid_mode, "private", err) < 0 ||
	    check_mode("ipc mode", spec->ipc_mode, "private", err) < 0 ||
	    check_mode("uts mode", spec->uts_mode, "private", err) < 0)
		return -1;
	if (hp_oci__is_host(spec->uts_mode) && !hp_str_empty(spec->hostname))
		return hp_fail(err, HP_EINVALID,
			       "hostname '%.64s' cannot be set with the host's uts mode",
			       spec->hostname);
	return 0;
}

/* A new one; the one that @path names when that is not NULL. */
static void add_namespace(struct hp_json *list, const char *type, const char *path)
{
	struct hp_json *ns = hp_json_object();

	hp_json_set_str(ns, "type", type);
	if (path)
		hp_json_set_str(ns, "path", path);
	hp_json_add(list, ns);
}

/* From: OCI runtime-spec config-linux.md, "Namespaces". */
static struct hp_json *build_namespaces(const struct hp_oci_input *in)
{
	struct hp_json *list = hp_json_array();

	add_namespace(list, "mount", NULL);
	if (!hp_oci__is_host(in->spec->network))
		add_namespace(list, "network", in->netns_path);
	if (!hp_oci__is_host(in->spec->uts_mode))
		add_namespace(list, "uts", NULL);
	if (!hp_oci__is_host(in->spec->pid_mode))
		add_namespace(list, "pid", NULL);
	if (!hp_oci__is_host(in->spec->ipc_mode))
		add_namespace(list, "ipc", NULL);
	/* With cgroup v1 the host's paths show, as docker has it there. */
	if (in->cgroup_v2)
		add_namespace(list, "cgroup", NULL);
	return list;
}

/* Mounts that shall reach the host, or be reached from it, need a root that does so too.
 * From: OCI runtime-spec config-linux.md, "Rootfs Mount Propagation"; moby daemon/oci_linux.go. */
static const char *root_propagation(const struct hp_oci_input *in)
{
	const char *propagation = NULL;

	for (size_t i = 0; i < in->n_mounts; i++) {
		const char *const *option = in->mounts[i].options;

		for (; option && *option; option++) {
			if (hp_str_eq(*option, "shared") || hp_str_eq(*option, "rshared"))
				return "shared";
			if (hp_str_eq(*option, "slave") || hp_str_eq(*option, "rslave"))
				propagation = "rslave";
		}
	}
	return propagation;
}

static int set_resources(struct hp_json *to, const struct hp_oci_input *in,
			 struct hp_error *err)
{
	struct hp_resources r = in->spec->resources;
	struct hp_json *resources = NULL;

	if (r.memory_bytes == 0 && r.memory_swap_bytes > 0)
		return hp_fail(err, HP_EINVALID, "a limit of swap needs a limit of memory");
	/* From: docker run's reference, "--memory-swap": unset is twice the memory. */
	if (in->swap_accounting && r.memory_bytes > 0 && r.memory_swap_bytes == 0 &&
	    r.memory_bytes <= INT64_MAX / 2)
		r.memory_swap_bytes = r.memory_bytes * 2;
	if (hp_oci_resources_build(&r, &resources, err) < 0)
		return -1;
	hp_json_set(resources, "devices", hp_oci__device_rules(in));
	hp_json_set(to, "resources", resources);
	return 0;
}

/* A privileged container goes without the default profile; one that was asked for stays. */
static bool wants_seccomp(const struct hp_oci_input *in)
{
	return in->seccomp && (!in->spec->privileged || in->spec->seccomp);
}

static int build_linux(const struct hp_oci_input *in, struct hp_json **ret,
		       struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	struct hp_json *sysctls = NULL;

	if (in->spec->n_sysctls > 0) {
		if (hp_oci__sysctls(in->spec, &sysctls, err) < 0)
			return -1;
		hp_json_set(v, "sysctl", sysctls);
	}
	if (!hp_str_empty(in->cgroups_path))
		hp_json_set_str(v, "cgroupsPath", in->cgroups_path);
	if (set_resources(v, in, err) < 0)
		return -1;
	hp_json_set(v, "namespaces", build_namespaces(in));
	if (in->n_devices > 0)
		hp_json_set(v, "devices", hp_oci__devices(in));
	if (root_propagation(in))
		hp_json_set_str(v, "rootfsPropagation", root_propagation(in));
	if (!in->spec->privileged) {
		hp_json_set_strs(v, "maskedPaths", masked_paths);
		hp_json_set_strs(v, "readonlyPaths", readonly_paths);
	}
	if (wants_seccomp(in))
		hp_json_set(v, "seccomp", hp_json_copy(in->seccomp));
	*ret = TAKE(v);
	return 0;
}

static void set_annotations(struct hp_json *to, const struct hp_container_spec *spec)
{
	struct hp_json *annotations = hp_json_object();

	for (size_t i = 0; i < spec->n_annotations; i++)
		hp_json_set_str(annotations, spec->annotations[i].key,
				spec->annotations[i].value);
	hp_json_set(to, "annotations", annotations);
}

int hp_oci_spec_build(const struct hp_oci_input *in, struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	struct hp_json *root = hp_json_object();
	struct hp_json *part = NULL;

	hp_json_set_str(v, "ociVersion", OCI_VERSION);
	hp_json_set_str(root, "path", "rootfs");
	hp_json_set_bool(root, "readonly", in->spec->read_only);
	hp_json_set(v, "root", root);
	if (check_modes(in, err) < 0 || hp_oci__process(in, &part, err) < 0)
		return -1;
	hp_json_set(v, "process", part);
	if (!hp_oci__is_host(in->spec->uts_mode) && !hp_str_empty(in->hostname))
		hp_json_set_str(v, "hostname", in->hostname);
	if (hp_oci__mounts(in, &part, err) < 0)
		return -1;
	hp_json_set(v, "mounts", part);
	if (in->spec->n_annotations > 0)
		set_annotations(v, in->spec);
	if (build_linux(in, &part, err) < 0)
		return -1;
	hp_json_set(v, "linux", part);
	*ret = TAKE(v);
	return 0;
}
