/* SPDX-License-Identifier: Apache-2.0 */
/* spec_bpf.c - owns libseccomp: rules go in, a program for the guest's kernel comes out.
 * From: OCI runtime-spec config-linux.md, "Seccomp"; runc libcontainer/seccomp for what is passed
 * over; libseccomp's manual pages. */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "shim/spec_parts.h"

#define ARGS_MAX     6 /* of a system call */
#define ERRNO_MAX    4095
#define SYSCALLS_MAX 4096

/* Newer than Debian 12's headers. From: Linux include/uapi/linux/seccomp.h. */
#define WAIT_KILLABLE_RECV (1u << 5)

/* Its functions that we call. From: the manual pages of the same names. */
struct library {
	void *handle;
	scmp_filter_ctx (*init)(uint32_t action);
	void (*release)(scmp_filter_ctx ctx);
	uint32_t (*arch_resolve_name)(const char *name);
	int (*arch_add)(scmp_filter_ctx ctx, uint32_t arch);
	int (*syscall_resolve_name)(const char *name);
	int (*rule_add_array)(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned n,
			      const struct scmp_arg_cmp *args);
	int (*export_bpf)(scmp_filter_ctx ctx, int fd);
};

/* One filter in the making. */
struct filter {
	struct library lib;
	scmp_filter_ctx ctx;
	uint32_t default_action;
};

static void filter_clear(struct filter *f)
{
	if (f->ctx)
		f->lib.release(f->ctx);
	if (f->lib.handle)
		dlclose(f->lib.handle);
}
HP_AUTO_VALUE(struct filter, filter_clear);

static int load(const char *name, struct library *lib, struct hp_error *err)
{
	const struct {
		const char *name;
		void *target;
	} symbols[] = {
		{"seccomp_init", &lib->init},
		{"seccomp_release", &lib->release},
		{"seccomp_arch_resolve_name", &lib->arch_resolve_name},
		{"seccomp_arch_add", &lib->arch_add},
		{"seccomp_syscall_resolve_name", &lib->syscall_resolve_name},
		{"seccomp_rule_add_array", &lib->rule_add_array},
		{"seccomp_export_bpf", &lib->export_bpf},
	};

	lib->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "it needs %s: install libseccomp2, or run without a profile",
			       name);
	for (size_t i = 0; i < HP_ARRAY_LEN(symbols); i++) {
		void *symbol = dlsym(lib->handle, symbols[i].name);

		if (!symbol)
			return hp_fail(err, HP_EUNSUPPORTED, "%s has no %s", name,
				       symbols[i].name);
		/* As POSIX has it: a function's address is the size of an object's. */
		memcpy(symbols[i].target, &symbol, sizeof(symbol));
	}
	return 0;
}

/* @number: of ERRNO and TRACE, which carry one. */
static int find_action(const char *word, uint32_t number, uint32_t *ret, struct hp_error *err)
{
	static const struct {
		const char *word;
		uint32_t action;
	} actions[] = {
		{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
		{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
		{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
		{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
		{"SCMP_ACT_LOG", SCMP_ACT_LOG},
		{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	};

	if (hp_str_eq(word, "SCMP_ACT_NOTIFY"))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "SCMP_ACT_NOTIFY needs a listener in the same kernel, and there "
			       "is none in a machine");
	for (size_t i = 0; i < HP_ARRAY_LEN(actions); i++) {
		if (!hp_str_eq(actions[i].word, word))
			continue;
		*ret = actions[i].action;
		if (*ret == SCMP_ACT_ERRNO(0) || *ret == SCMP_ACT_TRACE(0))
			*ret |= number;
		return 0;
	}
	return hp_fail(err, HP_EINVALID, "unknown action '%.64s'", word ? word : "");
}

static int read_action(const struct hp_json *v, const char *action_key, const char *errno_key,
		       uint32_t *ret, struct hp_error *err)
{
	uint64_t number = EPERM;

	if (hp_shim__read_u64(HP_SHIM_FIELD(v, "syscalls", errno_key), &number, err) < 0)
		return -1;
	if (number > ERRNO_MAX)
		return hp_fail(err, HP_EINVALID, "%s: %llu is no error number", errno_key,
			       (unsigned long long)number);
	return find_action(hp_json_get_str(v, action_key), (uint32_t)number, ret, err);
}

static int add_arches(struct filter *f, const struct hp_json *v, struct hp_error *err)
{
	const struct hp_json *list = NULL;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, "linux.seccomp", "architectures"), &list,
				err) < 0)
		return -1;
	for (size_t i = 0; i < hp_json_count(list); i++) {
		const char *word = hp_json_str(hp_json_at(list, i));
		char name[32] = "";
		uint32_t arch;
		int rc;

		if (!word || !hp_str_starts(word, "SCMP_ARCH_") || strlen(word) >= sizeof(name))
			return hp_fail(err, HP_EINVALID, "unknown architecture '%.64s'",
				       word ? word : "");
		for (size_t at = strlen("SCMP_ARCH_"); word[at]; at++)
			name[at - strlen("SCMP_ARCH_")] =
				(char)tolower((unsigned char)word[at]);
		arch = f->lib.arch_resolve_name(name);
		if (arch == 0)
			return hp_fail(err, HP_EINVALID, "unknown architecture '%.64s'", word);
		rc = f->lib.arch_add(f->ctx, arch);
		if (rc < 0 && rc != -EEXIST)
			return hp_fail_errno(err, -rc, "architecture '%.64s'", word);
	}
	return 0;
}

static int read_condition(const struct hp_json *v, struct scmp_arg_cmp *ret,
			  struct hp_error *err)
{
	static const struct {
		const char *word;
		enum scmp_compare op;
	} ops[] = {
		{"SCMP_CMP_NE", SCMP_CMP_NE},
		{"SCMP_CMP_LT", SCMP_CMP_LT},
		{"SCMP_CMP_LE", SCMP_CMP_LE},
		{"SCMP_CMP_EQ", SCMP_CMP_EQ},
		{"SCMP_CMP_GE", SCMP_CMP_GE},
		{"SCMP_CMP_GT", SCMP_CMP_GT},
		{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	};
	const char *word = hp_json_get_str(v, "op");
	uint64_t index = 0;
	uint64_t value = 0;
	uint64_t value_two = 0;
	size_t i = 0;

	if (hp_shim__read_u64(HP_SHIM_FIELD(v, "args", "index"), &index, err) < 0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(v, "args", "value"), &value, err) < 0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(v, "args", "valueTwo"), &value_two, err) < 0)
		return -1;
	while (i < HP_ARRAY_LEN(ops) && !hp_str_eq(ops[i].word, word))
		i++;
	if (i == HP_ARRAY_LEN(ops))
		return hp_fail(err, HP_EINVALID, "unknown operator '%.64s'", word ? word : "");
	if (index >= ARGS_MAX)
		return hp_fail(err, HP_EINVALID, "args.index: %llu is not from 0 to %d",
			       (unsigned long long)index, ARGS_MAX - 1);
	*ret = (struct scmp_arg_cmp){.arg = (unsigned)index,
				     .op = ops[i].op,
				     .datum_a = value,
				     .datum_b = value_two};
	return 0;
}

/* The conditions of a rule, and whether one argument has several: then each is a rule by itself. */
struct conditions {
	struct scmp_arg_cmp list[64];
	unsigned n;
	bool apart;
};

static int read_conditions(const struct hp_json *v, struct conditions *ret,
			   struct hp_error *err)
{
	const struct hp_json *list = NULL;
	unsigned seen = 0;

	*ret = (struct conditions){0};
	if (hp_shim__read_array(HP_SHIM_FIELD(v, "syscalls", "args"), &list, err) < 0)
		return -1;
	if (hp_json_count(list) > HP_ARRAY_LEN(ret->list))
		return hp_fail(err, HP_EINVALID, "args: more than %zu",
			       HP_ARRAY_LEN(ret->list));
	for (; ret->n < hp_json_count(list); ret->n++) {
		struct scmp_arg_cmp *c = &ret->list[ret->n];

		if (read_condition(hp_json_at(list, ret->n), c, err) < 0)
			return -1;
		ret->apart = ret->apart || (seen & (1u << c->arg));
		seen |= 1u << c->arg;
	}
	return 0;
}

static int add_call(struct filter *f, const char *name, uint32_t action,
		    const struct conditions *c, struct hp_error *err)
{
	int number = f->lib.syscall_resolve_name(name);
	unsigned rules = c->apart ? c->n : 1;

	/* Profiles name calls that are newer than the library, or of other architectures. */
	if (number == __NR_SCMP_ERROR)
		return 0;
	for (unsigned i = 0; i < rules; i++) {
		int rc = f->lib.rule_add_array(f->ctx, action, number, c->apart ? 1 : c->n,
					       c->apart ? &c->list[i] : c->list);

		if (rc < 0)
			return hp_fail_errno(err, -rc, "system call '%.64s'", name);
	}
	return 0;
}

static int add_rule(struct filter *f, const struct hp_json *v, struct hp_error *err)
{
	const struct hp_json *names = NULL;
	struct conditions conditions;
	uint32_t action = 0;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, "syscalls", "names"), &names, err) < 0 ||
	    read_action(v, "action", "errnoRet", &action, err) < 0 ||
	    read_conditions(v, &conditions, err) < 0)
		return -1;
	/* The library refuses what says nothing. */
	if (action == f->default_action)
		return 0;
	for (size_t i = 0; i < hp_json_count(names); i++) {
		const char *name = hp_json_str(hp_json_at(names, i));

		if (!name)
			return hp_fail(err, HP_EINVALID, "names: must be a list of strings");
		if (add_call(f, name, action, &conditions, err) < 0)
			return -1;
	}
	return 0;
}

static int read_flags(const struct hp_json *v, uint32_t *ret, struct hp_error *err)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} flags[] = {
		{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
		{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
		{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WAIT_KILLABLE_RECV},
	};
	const struct hp_json *list = NULL;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, "linux.seccomp", "flags"), &list, err) < 0)
		return -1;
	for (size_t i = 0; i < hp_json_count(list); i++) {
		const char *word = hp_json_str(hp_json_at(list, i));
		size_t at = 0;

		while (at < HP_ARRAY_LEN(flags) && !hp_str_eq(flags[at].word, word))
			at++;
		if (at == HP_ARRAY_LEN(flags))
			return hp_fail(err, HP_EINVALID, "unknown flag '%.64s'",
				       word ? word : "");
		*ret |= flags[at].flag;
	}
	/* It says how a listener is waited for, and there can be none. */
	*ret &= ~WAIT_KILLABLE_RECV;
	return 0;
}

static int export(const struct filter *f, struct hp_buf *ret_program, struct hp_error *err)
{
	AUTO_CLOSE int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int rc;

	if (fd < 0)
		return hp_fail_errno(err, errno, "memfd");
	rc = f->lib.export_bpf(f->ctx, fd);
	if (rc < 0)
		return hp_fail_errno(err, -rc, "compile");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "read the program");
	return hp_fd_read_all(fd, ret_program, err);
}

int hp_shim__seccomp_compile(const char *library, const struct hp_json *v,
			     struct hp_buf *ret_program, uint32_t *ret_flags,
			     struct hp_error *err)
{
	AUTO(filter_clear) struct filter f = {0};
	const struct hp_json *rules = NULL;

	if (load(library, &f.lib, err) < 0 ||
	    read_action(v, "defaultAction", "defaultErrnoRet", &f.default_action, err) < 0 ||
	    read_flags(v, ret_flags, err) < 0 ||
	    hp_shim__read_array(HP_SHIM_FIELD(v, "linux.seccomp", "syscalls"), &rules, err) < 0)
		return -1;
	if (hp_json_count(rules) > SYSCALLS_MAX)
		return hp_fail(err, HP_EINVALID, "syscalls: more than %d", SYSCALLS_MAX);
	f.ctx = f.lib.init(f.default_action);
	if (!f.ctx)
		return hp_fail(err, HP_EINVALID, "no filter begins with this default action");
	if (add_arches(&f, v, err) < 0)
		return -1;
	for (size_t i = 0; i < hp_json_count(rules); i++)
		if (add_rule(&f, hp_json_at(rules, i), err) < 0)
			return hp_wrap(err, "syscalls[%zu]", i);
	return export(&f, ret_program, err);
}
