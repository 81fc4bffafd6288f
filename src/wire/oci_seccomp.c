/* SPDX-License-Identifier: Apache-2.0 */
/* oci_seccomp.c - the system calls a container may make: our default, or a profile of docker's. */
#include "wire/oci_spec.h"

#include <errno.h>
#include <limits.h>
#include <sys/utsname.h>

#include "wire/oci_seccomp_table.h"

/* Whose rules apply: this machine, and a container with these capabilities. */
struct subject {
	const char *arch; /* Go's word */
	const char *const *caps;
	unsigned kernel; /* version << 16 | patch level */
};

static bool has(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (hp_str_eq(*list, word))
			return true;
	return false;
}

/* "6.1.0-13-amd64" to 6 << 16 | 1; "4.8" too. 0 for what is no version. */
static unsigned parse_kernel(const char *release)
{
	char *rest = NULL;
	unsigned long major = strtoul(release, &rest, 10);
	unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;

	return major > SHRT_MAX || minor > SHRT_MAX ? 0 : (unsigned)(major << 16 | minor);
}

static void subject_init(struct subject *s, const char *const *caps)
{
	struct utsname u;

	*s = (struct subject){.arch = hp_machine_arch(), .caps = caps};
	if (uname(&u) == 0)
		s->kernel = parse_kernel(u.release);
}

/* Go's words for architectures and libseccomp's, which OCI uses.
 * From: OCI runtime-spec config-linux.md, "Seccomp", architectures. */
static const struct {
	const char *arch;
	const char *names[4]; /* the machine's, then those it can also run */
} arch_names[] = {
	{"amd64", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
	{"arm64", {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}},
	{"arm", {"SCMP_ARCH_ARM"}},
	{"386", {"SCMP_ARCH_X86"}},
	{"ppc64le", {"SCMP_ARCH_PPC64LE"}},
	{"s390x", {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"}},
	{"riscv64", {"SCMP_ARCH_RISCV64"}},
};

/* NULL for an architecture that seccomp profiles have no name for. */
static const char *const *names_of_arch(const char *arch)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(arch_names); i++)
		if (hp_str_eq(arch_names[i].arch, arch))
			return arch_names[i].names;
	return NULL;
}

static bool row_applies(const struct hp_seccomp_row *row, const struct subject *s)
{
	if (row->arch && !hp_str_eq(row->arch, s->arch))
		return false;
	if (row->without_arch && hp_str_eq(row->without_arch, s->arch))
		return false;
	if (row->cap && !has(s->caps, row->cap))
		return false;
	return !row->without_cap || !has(s->caps, row->without_cap);
}

static struct hp_json *build_arg(const struct hp_seccomp_arg *arg)
{
	struct hp_json *v = hp_json_object();

	hp_json_set_u64(v, "index", arg->index);
	hp_json_set_u64(v, "value", arg->value);
	hp_json_set_u64(v, "valueTwo", arg->value_two);
	hp_json_set_str(v, "op", arg->op);
	return v;
}

static struct hp_json *build_row(const struct hp_seccomp_row *row)
{
	struct hp_json *v = hp_json_object();
	AUTO(hp_strv_free) struct hp_strv names = {0};

	hp_strv_split(&names, row->names, ' ');
	hp_json_set_strs(v, "names", hp_strv_view(&names));
	hp_json_set_str(v, "action", row->refused_with ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW");
	if (row->refused_with)
		hp_json_set_u64(v, "errnoRet", row->refused_with);
	if (row->arg.op) {
		struct hp_json *args = hp_json_array();

		hp_json_add(args, build_arg(&row->arg));
		hp_json_set(v, "args", args);
	}
	return v;
}

struct hp_json *hp_oci_seccomp_default(const char *const *caps)
{
	struct hp_json *v = hp_json_object();
	struct hp_json *calls = hp_json_array();
	struct subject s;

	subject_init(&s, caps);
	hp_json_set_str(v, "defaultAction", "SCMP_ACT_ERRNO");
	hp_json_set_u64(v, "defaultErrnoRet", EPERM);
	if (names_of_arch(s.arch))
		hp_json_set_strs(v, "architectures", names_of_arch(s.arch));
	for (const struct hp_seccomp_row *row = hp_seccomp__rows; row->names; row++)
		if (row_applies(row, &s))
			hp_json_add(calls, build_row(row));
	hp_json_set(v, "syscalls", calls);
	return v;
}

/* Does the JSON array of strings @list contain @word? */
static bool json_has(const struct hp_json *list, const char *word)
{
	for (size_t i = 0; i < hp_json_count(list); i++)
		if (hp_json_str(hp_json_at(list, i)) &&
		    hp_str_eq(hp_json_str(hp_json_at(list, i)), word))
			return true;
	return false;
}

/* Is one of the strings in @list a capability of the container? */
static size_t count_held(const struct hp_json *list, const struct subject *s)
{
	size_t n = 0;

	for (size_t i = 0; i < hp_json_count(list); i++)
		if (hp_json_str(hp_json_at(list, i)))
			n += has(s->caps, hp_json_str(hp_json_at(list, i)));
	return n;
}

static bool kernel_is_at_least(const struct hp_json *filter, const struct subject *s)
{
	const char *wanted = hp_json_get_str(filter, "minKernel");

	return wanted && s->kernel >= parse_kernel(wanted);
}

/* From: moby profiles/seccomp/seccomp_linux.go, setupSeccomp: all of "includes" must hold, and
 * none of "excludes". */
static bool filters_pass(const struct hp_json *call, const struct subject *s)
{
	const struct hp_json *in = hp_json_get(call, "includes");
	const struct hp_json *ex = hp_json_get(call, "excludes");
	const struct hp_json *in_caps = hp_json_get(in, "caps");

	if (json_has(hp_json_get(ex, "arches"), s->arch) ||
	    count_held(hp_json_get(ex, "caps"), s) > 0 || kernel_is_at_least(ex, s))
		return false;
	if (hp_json_count(hp_json_get(in, "arches")) > 0 &&
	    !json_has(hp_json_get(in, "arches"), s->arch))
		return false;
	if (hp_json_get_str(in, "minKernel") && !kernel_is_at_least(in, s))
		return false;
	return count_held(in_caps, s) == hp_json_count(in_caps);
}

/* From: OCI runtime-spec config-linux.md, "Seccomp", defaultAction. */
static const char *const actions[] = {
	"SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
	"SCMP_ACT_ERRNO",       "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW",       "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY",      NULL,
};
static const char *const operators[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
};

/* Copy the action @key and what belongs to it. */
static int copy_action(const struct hp_json *from, const char *key, const char *errno_key,
		       struct hp_json *to, struct hp_error *err)
{
	const char *action = hp_json_get_str(from, key);
	const struct hp_json *ret = hp_json_get(from, errno_key);

	if (!action || !has(actions, action))
		return hp_fail(err, HP_EINVALID, "'%s' is '%.64s', which is no action", key,
			       action ? action : "");
	hp_json_set_str(to, key, action);
	if (hp_json_is_null(ret))
		return 0;
	if (hp_json_u64(ret, UINT64_MAX) > UINT32_MAX)
		return hp_fail(err, HP_EINVALID, "'%s' is no error number", errno_key);
	hp_json_set_u64(to, errno_key, hp_json_u64(ret, 0));
	return 0;
}

/* A call's "args": conditions on its arguments. */
static int copy_args(const struct hp_json *call, struct hp_json *to, struct hp_error *err)
{
	const struct hp_json *args = hp_json_get(call, "args");

	if (hp_json_count(args) == 0)
		return 0;

	AUTO(hp_json_free) struct hp_json *list = hp_json_array();

	for (size_t i = 0; i < hp_json_count(args); i++) {
		const struct hp_json *arg = hp_json_at(args, i);
		const char *op = hp_json_get_str(arg, "op");
		/* A system call has six arguments. */
		struct hp_seccomp_arg a = {
			.index = (unsigned)hp_json_u64(hp_json_get(arg, "index"), 6),
			.value = hp_json_u64(hp_json_get(arg, "value"), 0),
			.value_two = hp_json_u64(hp_json_get(arg, "valueTwo"), 0),
			.op = op,
		};

		if (hp_json_u64(hp_json_get(arg, "index"), 6) > 5 || !op || !has(operators, op))
			return hp_fail(
				err, HP_EINVALID,
				"argument condition %zu: expected an index up to 5 and an "
				"'op'",
				i);
		hp_json_add(list, build_arg(&a));
	}
	hp_json_set(to, "args", TAKE(list));
	return 0;
}

/* Its names: "names", or "name" in old profiles. */
static int copy_names(const struct hp_json *call, struct hp_json *to, struct hp_error *err)
{
	const struct hp_json *names = hp_json_get(call, "names");
	const char *name = hp_json_get_str(call, "name");
	const char *const one[] = {name, NULL};

	if (!hp_str_empty(name) == hp_json_is_array(names))
		return hp_fail(err, HP_EINVALID, "expected either 'names' or 'name'");
	for (size_t i = 0; i < hp_json_count(names); i++)
		if (hp_str_empty(hp_json_str(hp_json_at(names, i))))
			return hp_fail(err, HP_EINVALID, "entry %zu of 'names' is no name", i);
	if (name)
		hp_json_set_strs(to, "names", one);
	else
		hp_json_set(to, "names", hp_json_copy(names));
	return 0;
}

static int convert_calls(const struct hp_json *calls, const struct subject *s,
			 struct hp_json *to, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *list = hp_json_array();

	for (size_t i = 0; i < hp_json_count(calls); i++) {
		const struct hp_json *call = hp_json_at(calls, i);
		AUTO(hp_json_free) struct hp_json *v = hp_json_object();

		if (copy_names(call, v, err) < 0 ||
		    copy_action(call, "action", "errnoRet", v, err) < 0 ||
		    copy_args(call, v, err) < 0)
			return hp_wrap(err, "entry %zu of 'syscalls'", i);
		/* The runtimes refuse an entry without a name. */
		if (filters_pass(call, s) && hp_json_count(hp_json_get(v, "names")) > 0)
			hp_json_add(list, TAKE(v));
	}
	hp_json_set(to, "syscalls", TAKE(list));
	return 0;
}

/* "architectures" as it is, or what "archMap" says of this machine. */
static int convert_archs(const struct hp_json *profile, const struct subject *s,
			 struct hp_json *to, struct hp_error *err)
{
	const struct hp_json *list = hp_json_get(profile, "architectures");
	const struct hp_json *map = hp_json_get(profile, "archMap");
	const char *const *names = names_of_arch(s->arch);
	const char *native = names ? names[0] : "";

	if (hp_json_count(list) > 0 && hp_json_count(map) > 0)
		return hp_fail(err, HP_EINVALID, "both 'architectures' and 'archMap'");
	if (hp_json_count(list) > 0)
		hp_json_set(to, "architectures", hp_json_copy(list));
	for (size_t i = 0; i < hp_json_count(map); i++) {
		const struct hp_json *row = hp_json_at(map, i);
		const struct hp_json *subs = hp_json_get(row, "subArchitectures");
		const char *arch = hp_json_get_str(row, "architecture");

		if (!arch || !hp_str_eq(arch, native))
			continue;

		struct hp_json *all = hp_json_array();

		hp_json_add(all, hp_json_new_str(arch));
		for (size_t j = 0; j < hp_json_count(subs); j++)
			hp_json_add(all, hp_json_copy(hp_json_at(subs, j)));
		hp_json_set(to, "architectures", all);
		break;
	}
	return 0;
}

/* From: docker's documentation, "Seccomp security profiles for Docker"; moby
 * profiles/seccomp/seccomp.go. */
int hp_oci_seccomp_from_docker(const struct hp_json *profile, const char *const *caps,
			       struct hp_json **ret, struct hp_error *err)
{
	static const char *const kept[] = {"flags", "listenerPath", "listenerMetadata"};
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	struct subject s;

	subject_init(&s, caps);
	if (!hp_json_is_object(profile))
		return hp_fail(err, HP_EINVALID, "seccomp profile: not a JSON object");
	if (copy_action(profile, "defaultAction", "defaultErrnoRet", v, err) < 0 ||
	    convert_archs(profile, &s, v, err) < 0 ||
	    convert_calls(hp_json_get(profile, "syscalls"), &s, v, err) < 0)
		return hp_wrap(err, "seccomp profile");
	for (size_t i = 0; i < HP_ARRAY_LEN(kept); i++)
		if (hp_json_get(profile, kept[i]))
			hp_json_set(v, kept[i], hp_json_copy(hp_json_get(profile, kept[i])));
	*ret = TAKE(v);
	return 0;
}
