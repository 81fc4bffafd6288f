/* SPDX-License-Identifier: Apache-2.0 */
/* stress_args.c - owns which of stress-ng's options our own workers know. No I/O happens here.
 * From: stress-ng(1). */
#include <string.h>

#include "base/alloc.h"
#include "chaos/stress.h"

#define REMEDY "install stress-ng on this host, which has it"

enum { WORKERS_MAX = 1024 };

enum kind { KIND_COUNT, KIND_PERCENT, KIND_BYTES, KIND_TIME, KIND_PATH, KIND_NOTHING };

static const struct option {
	const char *name;
	char letter; /* 0: none */
	enum kind kind;
	size_t at;
} options[] = {
	{"cpu", 'c', KIND_COUNT, offsetof(struct hp_stress, cpu)},
	{"vm", 'm', KIND_COUNT, offsetof(struct hp_stress, vm)},
	{"io", 'i', KIND_COUNT, offsetof(struct hp_stress, io)},
	{"hdd", 'd', KIND_COUNT, offsetof(struct hp_stress, hdd)},
	{"cpu-load", 'l', KIND_PERCENT, offsetof(struct hp_stress, cpu_load)},
	{"vm-bytes", 0, KIND_BYTES, offsetof(struct hp_stress, vm_bytes)},
	{"hdd-bytes", 0, KIND_BYTES, offsetof(struct hp_stress, hdd_bytes)},
	{"timeout", 't', KIND_TIME, offsetof(struct hp_stress, timeout_ms)},
	{"temp-path", 0, KIND_PATH, offsetof(struct hp_stress, temp_path)},
	/* What is said, and what is not done anyway. */
	{"vm-keep", 0, KIND_NOTHING, 0},
	{"quiet", 'q', KIND_NOTHING, 0},
	{"verbose", 'v', KIND_NOTHING, 0},
	{"metrics", 0, KIND_NOTHING, 0},
	{"metrics-brief", 0, KIND_NOTHING, 0},
};

/* The option that @word begins, and its value when that stands in the same word. */
static const struct option *find(const char *word, const char **ret_value)
{
	const bool is_long = hp_str_starts(word, "--");
	const size_t len = strcspn(word, "=");

	*ret_value = NULL;
	for (size_t i = 0; i < HP_ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];

		if (is_long && strlen(o->name) + 2 == len &&
		    strncmp(word + 2, o->name, len - 2) == 0) {
			*ret_value = word[len] ? word + len + 1 : NULL;
			return o;
		}
		if (!is_long && o->letter && word[0] == '-' && word[1] == o->letter) {
			*ret_value = word[2] ? word + 2 : NULL;
			return o;
		}
	}
	return NULL;
}

static int fail_value(const struct option *o, const char *value, const char *what,
		      struct hp_error *err)
{
	hp_error_clear(err);
	return hp_fail(err, HP_EINVALID, "--%s of stress: '%s' is not %s", o->name, value,
		       what);
}

static int read_number(const struct option *o, const char *value, int64_t most, int64_t *ret,
		       struct hp_error *err)
{
	AUTO_FREE char *what = hp_sprintf("a number from 0 to %lld", (long long)most);
	int64_t n;

	if (hp_str_i64(value, &n, err) < 0 || n < 0 || n > most)
		return fail_value(o, value, what, err);
	*ret = n;
	return 0;
}

/* "64m" or, of memory, "80%". */
static int read_bytes(const struct option *o, const char *value, struct hp_stress *ret,
		      int64_t *field, struct hp_error *err)
{
	const bool memory = field == &ret->vm_bytes;

	if (memory && hp_str_ends(value, "%")) {
		AUTO_FREE char *digits = hp_strndup(value, strlen(value) - 1);

		if (read_number(o, digits, 100, &ret->vm_pct, err) < 0)
			return -1;
		return ret->vm_pct > 0 ? 0 : fail_value(o, value, "more than 0 %", err);
	}
	if (memory)
		ret->vm_pct = 0;
	if (hp_str_size(value, field, err) < 0 || *field <= 0)
		return fail_value(o, value,
				  memory ? "a size such as 64m or 80%" : "a size such as 64m",
				  err);
	return 0;
}

static int read_value(const struct option *o, const char *value, struct hp_stress *ret,
		      struct hp_error *err)
{
	char *field = (char *)ret + o->at;
	int64_t *number = (int64_t *)(void *)field;

	switch (o->kind) {
	case KIND_COUNT:
		return read_number(o, value, WORKERS_MAX, number, err);
	case KIND_PERCENT:
		return read_number(o, value, 100, number, err);
	case KIND_BYTES:
		return read_bytes(o, value, ret, number, err);
	case KIND_TIME:
		if (hp_str_duration(value, number, err) < 0 || *number < 0)
			return fail_value(o, value, "a time such as 60s or 5m", err);
		return 0;
	case KIND_PATH:
		*(const char **)(void *)field = value;
		return value[0] == '/' ? 0 : fail_value(o, value, "an absolute path", err);
	case KIND_NOTHING:
		break;
	}
	return 0;
}

int hp_stress_parse(const char *const *words, struct hp_stress *ret, struct hp_error *err)
{
	struct hp_stress s = {.cpu = -1,
			      .vm = -1,
			      .io = -1,
			      .hdd = -1,
			      .cpu_load = 100,
			      .vm_bytes = 256 << 20,
			      .hdd_bytes = 1 << 30};

	for (; words && *words; words++) {
		const char *value;
		const struct option *o = find(*words, &value);

		if (!o)
			return hp_fail(err, HP_EUNSUPPORTED,
				       "stress has no '%s' without stress-ng: " REMEDY, *words);
		if (o->kind == KIND_NOTHING)
			continue;
		if (!value)
			value = *++words;
		if (!value)
			return hp_fail(err, HP_EINVALID, "--%s of stress needs a value",
				       o->name);
		if (read_value(o, value, &s, err) < 0)
			return -1;
	}
	if (s.cpu < 0 && s.vm < 0 && s.io < 0 && s.hdd < 0)
		return hp_fail(err, HP_EINVALID,
			       "stress is asked for nothing: give --cpu, --vm, --io or --hdd");
	*ret = s;
	return 0;
}
