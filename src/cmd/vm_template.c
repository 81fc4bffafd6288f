/* SPDX-License-Identifier: Apache-2.0 */
/* vm_template.c - harpoon vm template build, ls and rm. */
#include "cmd/vm.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "cmd/cli.h"
#include "vm/template_build.h"
#include "wire/json.h"

#define META_MAX (64 * 1024)

struct build_args {
	int64_t memory_bytes;
	int64_t cpus;
	bool net;
	const char *disk;
	bool quiet;
};

/* clang-format off: one row an option */
static const struct hp_opt build_opts[] = {
	HP_OPT_SIZE('m', "memory", struct build_args, memory_bytes, "SIZE",
		    "the machine's memory (what the settings say)"),
	HP_OPT_INT(0, "cpus", struct build_args, cpus, "its processors (what the settings say)",
		   0, 64, 0),
	HP_OPT_FLAG_ON(0, "net", struct build_args, net,
		       "with a network device, as those of containers have (true)"),
	HP_OPT_STR(0, "disk", struct build_args, disk, "none|ro|rw",
		   "with a disk, as those of block devices and images have (none)"),
	HP_OPT_FLAG('q', "quiet", struct build_args, quiet, "print the key only"),
	HP_OPT_END,
};
/* clang-format on */

static void show_progress(void *data, const char *doing)
{
	(void)data;
	printf("%s\n", doing);
	fflush(stdout);
}

static int build_run(const struct hp_use *use, struct hp_error *err)
{
	const struct build_args *args = use->args;
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};
	char key[HP_VM_KEY];

	enum hp_shape_disk disk = HP_DISK_NONE;

	if (args->disk && hp_shape_disk_read(args->disk, &disk, err) < 0)
		return hp_wrap(err, "--disk");
	if (hp_vm_config_load(&config, err) < 0)
		return -1;

	const struct hp_build build = {
		.config = &config,
		.shape =
			{
				.memory_bytes = args->memory_bytes
							? (uint64_t)args->memory_bytes
							: config.memory_bytes,
				.cpus = args->cpus ? (unsigned)args->cpus : config.cpus,
				.net = args->net,
				.disk = disk,
			},
		.progress = args->quiet ? NULL : show_progress,
	};
	if (hp_template_build(&build, key, err) < 0)
		return -1;
	printf("%s\n", key);
	return 0;
}

const struct hp_cmd hp_cmd_vm_template_build = {
	.name = "vm template build",
	.summary = "boot a machine and freeze it, for machines that start as its clones",
	.about =
		"Prints what it does, and the template's key at the end; when there is one that "
		"fits already, the key only. It takes some seconds.",
	.opts = build_opts,
	.args_size = sizeof(struct build_args),
	.run = build_run,
};

/* The names below the directory of templates; none when it is not there. */
static int list_keys(const struct hp_vm_config *c, struct hp_strv *ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_template_dir(c, "");
	DIR *dir = opendir(path);
	const struct dirent *e;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return hp_fail_errno(err, errno, "open '%s'", path);
	while ((e = readdir(dir)))
		if (strlen(e->d_name) == HP_VM_KEY - 1 &&
		    strspn(e->d_name, "0123456789abcdef") == HP_VM_KEY - 1)
			hp_strv_add(ret, e->d_name);
	closedir(dir);
	return 0;
}

static void print_row(const struct hp_vm_config *c, const char *key)
{
	AUTO_FREE char *dir = hp_template_dir(c, key);
	AUTO_FREE char *meta_path = hp_path_join(dir, "meta.json");
	AUTO_FREE char *memory_path = hp_path_join(dir, "memory");
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_json_free) struct hp_json *meta = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	struct stat st = {0};
	int64_t made = 0;

	/* What is being removed meanwhile is not there. */
	if (hp_file_read(meta_path, META_MAX, &text, &ignored) < 0 ||
	    hp_json_parse(hp_buf_bytes(&text), &meta, &ignored) < 0 ||
	    stat(memory_path, &st) < 0 ||
	    hp_time_parse(hp_json_get_str(meta, "made"), &made, &ignored) < 0)
		return;

	AUTO_FREE char *ago = hp_time_ago(made, hp_clock_unix_ns());
	AUTO_FREE char *memory =
		hp_str_human_bytes(hp_json_u64(hp_json_get(meta, "memory"), 0));
	AUTO_FREE char *size = hp_str_human_bytes((uint64_t)st.st_blocks * 512);
	const char *kernel = hp_json_get_str(meta, "kernel");
	const char *accel = hp_json_get_str(meta, "accel");
	const char *disk = hp_json_get_str(meta, "disk");
	printf("%-16s  %-26s %-5s %-9s %4llu  %-4s %-4s %-9s %s\n", key, kernel ? kernel : "-",
	       accel ? accel : "-", memory,
	       (unsigned long long)hp_json_u64(hp_json_get(meta, "cpus"), 0),
	       hp_json_bool(hp_json_get(meta, "net"), false) ? "yes" : "no",
	       disk ? disk : "none", size, ago);
}

static int ls_run(const struct hp_use *use, struct hp_error *err)
{
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};
	AUTO(hp_strv_free) struct hp_strv keys = {0};

	(void)use;
	if (hp_vm_config_load(&config, err) < 0 || list_keys(&config, &keys, err) < 0)
		return -1;
	printf("%-16s  %-26s %-5s %-9s %4s  %-4s %-4s %-9s %s\n", "KEY", "KERNEL", "ACCEL",
	       "MEMORY", "CPUS", "NET", "DISK", "SIZE", "MADE");
	for (size_t i = 0; i < keys.count; i++)
		print_row(&config, keys.items[i]);
	return 0;
}

const struct hp_cmd hp_cmd_vm_template_ls = {
	.name = "vm template ls",
	.summary = "list templates of machines",
	.run = ls_run,
};

struct rm_args {
	bool all;
};

/* clang-format off: one row an option */
static const struct hp_opt rm_opts[] = {
	HP_OPT_FLAG('a', "all", struct rm_args, all, "all of them"),
	HP_OPT_END,
};
/* clang-format on */

static int rm_run(const struct hp_use *use, struct hp_error *err)
{
	const struct rm_args *args = use->args;
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};
	AUTO(hp_strv_free) struct hp_strv keys = {0};

	if (args->all == (use->n_operands > 0))
		return hp_fail(err, HP_EUSAGE, "give it keys, or --all");
	if (hp_vm_config_load(&config, err) < 0 || list_keys(&config, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < use->n_operands; i++)
		if (!hp_strv_has(&keys, use->operands[i]))
			return hp_fail(err, HP_ENOTFOUND, "there is no template '%.80s'",
				       use->operands[i]);
	for (size_t i = 0; i < keys.count; i++) {
		bool chosen = args->all;

		for (size_t k = 0; k < use->n_operands; k++)
			chosen |= hp_str_eq(use->operands[k], keys.items[i]);
		if (chosen && hp_template_remove(&config, keys.items[i], err) < 0)
			return -1;
		if (chosen)
			printf("%s\n", keys.items[i]);
	}
	return 0;
}

const struct hp_cmd hp_cmd_vm_template_rm = {
	.name = "vm template rm",
	.summary = "remove templates of machines; those that run as clones go on",
	.operands = "[KEY...]",
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_TEMPLATE,
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};
