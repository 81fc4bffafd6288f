/* SPDX-License-Identifier: Apache-2.0 */
/* args.c - owns the table of the shim's flags. */
#include "shim/args.h"

#include <string.h>

#include "base/str.h"

/* One flag: a text or a switch of struct hp_shim_args, or a switch that is an action. */
struct flag {
	const char *name;
	size_t text;   /* offset of its const char *, or 0 */
	size_t toggle; /* offset of its bool, or 0 */
	enum hp_shim_action action;
};

#define TEXT(flag_name, field)                                                                 \
	{                                                                                      \
		.name = (flag_name), .text = offsetof(struct hp_shim_args, field)              \
	}
#define ACTION(flag_name, what)                                                                \
	{                                                                                      \
		.name = (flag_name), .action = (what)                                          \
	}

static const struct flag flags[] = {
	TEXT("namespace", ns),
	TEXT("address", address),
	TEXT("publish-binary", publish_binary),
	TEXT("id", id),
	TEXT("bundle", bundle),
	TEXT("socket", socket),
	TEXT("debug-socket", debug_socket),
	{.name = "debug", .toggle = offsetof(struct hp_shim_args, debug)},
	ACTION("v", HP_SHIM_VERSION),
	ACTION("version", HP_SHIM_VERSION),
	ACTION("info", HP_SHIM_INFO),
	ACTION("h", HP_SHIM_HELP),
	ACTION("help", HP_SHIM_HELP),
};

const char *hp_shim_args_help(void)
{
	return "containerd-shim-harpoon-v1 runs each container in a virtual machine of its own.\n"
	       "containerd calls it for the runtime io.containerd.harpoon.v1.\n"
	       "\n"
	       "Usage: containerd-shim-harpoon-v1 [flags] start|delete\n"
	       "\n"
	       "  -namespace NAME       of the container\n"
	       "  -id ID                of the container\n"
	       "  -address PATH         containerd's socket\n"
	       "  -publish-binary PATH  containerd's program; not used\n"
	       "  -bundle PATH          of delete: the container's directory\n"
	       "  -debug                log more\n"
	       "  -v, -version          print the version\n"
	       "  -info                 print what the runtime can do, for containerd\n"
	       "  -h, --help            print this\n";
}

static const struct flag *find(const char *name, size_t len)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(flags); i++)
		if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
			return &flags[i];
	return NULL;
}

/* From: Go strconv.ParseBool. */
static bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < HP_ARRAY_LEN(yes); i++) {
		if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
			continue;
		*ret = strcmp(text, yes[i]) == 0;
		return true;
	}
	return false;
}

static int set_switch(const struct flag *flag, const char *value, struct hp_shim_args *args,
		      struct hp_error *err)
{
	bool on = true;

	if (value && !parse_bool(value, &on))
		return hp_fail(err, HP_EUSAGE, "-%s is a switch: '%s' is not true or false",
			       flag->name, value);
	if (flag->toggle)
		*(bool *)(void *)((char *)args + flag->toggle) = on;
	else if (on && args->action != HP_SHIM_HELP)
		args->action = flag->action;
	return 0;
}

/* Take the flag @word, and @next when it is its value. Returns: how many words, -1. */
static int take_flag(const char *word, const char *next, struct hp_shim_args *args,
		     struct hp_error *err)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct flag *flag = find(name, len);

	if (!flag)
		return hp_fail(err, HP_EUSAGE, "there is no flag '%s'; see --help", word);
	if (!flag->text)
		return set_switch(flag, value, args, err) < 0 ? -1 : 1;
	if (!value && !next)
		return hp_fail(err, HP_EUSAGE, "-%s needs a value", flag->name);
	*(const char **)(void *)((char *)args + flag->text) = value ? value : next;
	return value ? 1 : 2;
}

static int set_action(const char *word, struct hp_shim_args *args, struct hp_error *err)
{
	bool start = hp_str_eq(word, "start");

	if (!start && !hp_str_eq(word, "delete"))
		return hp_fail(err, HP_EUSAGE, "'%s' is neither start nor delete; see --help",
			       word);
	if (args->action == HP_SHIM_NOTHING)
		args->action = start ? HP_SHIM_START : HP_SHIM_DELETE;
	return 0;
}

static int check(const struct hp_shim_args *args, struct hp_error *err)
{
	if (args->action != HP_SHIM_START && args->action != HP_SHIM_DELETE)
		return 0;
	if (hp_str_check_id("-id", args->id, err) < 0)
		return -1;
	return hp_str_check_id("-namespace", args->ns, err);
}

int hp_shim_args_parse(int argc, const char *const *argv, struct hp_shim_args *ret,
		       struct hp_error *err)
{
	struct hp_shim_args args = {.ns = "",
				    .address = "",
				    .publish_binary = "",
				    .id = "",
				    .bundle = "",
				    .socket = "",
				    .debug_socket = ""};
	int i = 1;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		int used = 1;

		if (strcmp(argv[i], "--") != 0)
			used = take_flag(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &args,
					 err);
		if (used < 0)
			return -1;
		i += used;
		if (strcmp(argv[i - used], "--") == 0)
			break;
	}
	if (i < argc && set_action(argv[i], &args, err) < 0)
		return -1;
	if (check(&args, err) < 0)
		return -1;
	*ret = args;
	return 0;
}
